import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Training } from '../method/training/training.ts';
import { secondsOfStep, TimedTraining } from './timed-training.ts';

/** A training of ten steps on a clock of its own: each waits for 100 ms and takes so many. */
function training(stepMs: (step: number) => number) {
  let nowMs = 0;
  let steps = 0;
  const inner: Training<{ steps: number }> = {
    progressSchema: z.strictObject({ steps: z.number() }),
    get progress() {
      return { steps };
    },
    get count() {
      return { done: steps, total: 10 };
    },
    get done() {
      return steps >= 10;
    },
    ready: async () => {
      nowMs += 100;
    },
    step: () => {
      nowMs += stepMs(steps++);
      return { measures: {} };
    },
    state: () => ({ arrays: {}, progress: { steps } }),
    restore: ({ progress }) => {
      steps = progress.steps;
    },
    dispose: () => undefined,
  };
  return { timed: new TimedTraining(inner, () => nowMs), wait: (ms: number) => (nowMs += ms) };
}

it('counts its steps and what they wait for, not what lies between them nor what was taken back', async () => {
  const { timed, wait } = training(() => 400);
  const step = async () => {
    await timed.ready();
    timed.step();
    wait(10_000);
  };
  for (let i = 0; i < 4; i++) await step();
  expect(timed.seconds).toBeCloseTo(2, 12);
  const checkpoint = timed.state();
  await step();
  expect(timed.seconds).toBeCloseTo(2.5, 12);
  timed.restore(checkpoint);
  expect(timed.seconds).toBeCloseTo(2, 12);
  expect(timed.count.done).toBe(4);
});

it('is timed by what a step takes, though its process was frozen for a minute, and not by the first ones', async () => {
  const { timed } = training((step) => (step < 4 ? 5000 : step === 6 ? 60_000 : 400));
  const done: number[] = [];
  const seconds = await secondsOfStep(timed, { untimed: 4, timed: 5 }, async (step) => void done.push(step));
  expect(seconds).toBeCloseTo(0.5, 12);
  expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
