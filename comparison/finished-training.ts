/** A step of a system that is no training: what it makes is there at once, such as a plan. */
import { z } from 'zod';
import type { BegunTraining } from './system.ts';

/** @param make what the step made, as it is stored */
export function finishedTraining(make: () => Uint8Array): BegunTraining {
  return {
    training: {
      progressSchema: z.strictObject({}),
      progress: {},
      count: { done: 0, total: 0 },
      done: true,
      step: () => {
        throw new Error('There is no step to take.');
      },
      state: () => ({ arrays: {}, progress: {} }),
      restore: () => undefined,
      dispose: () => undefined,
    },
    model: make,
    dispose: () => undefined,
  };
}
