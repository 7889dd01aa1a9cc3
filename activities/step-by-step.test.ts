/** Work that takes its thread for long in an activity of an io worker. */
import { expect, it } from 'vitest';
import type { Steps } from '../ground/steps.ts';
import { tinyWorld } from '../test/orchestration/tiny-run.ts';
import { stepByStep } from './context.ts';

function* counting(steps: number): Steps<number> {
  for (let step = 0; step < steps; step++) yield;
  return steps;
}

it('lets the timer of heartbeats through between its steps, and gives its result', async () => {
  let beats = 0;
  const beating = setInterval(() => beats++, 1);
  function* slow(): Steps<string> {
    for (let step = 0; step < 5; step++) {
      const until = performance.now() + 5;
      while (performance.now() < until);
      yield;
    }
    return 'done';
  }
  expect(await stepByStep(slow(), tinyWorld().context())).toBe('done');
  clearInterval(beating);
  expect(beats).toBeGreaterThanOrEqual(4);
});

it('ends when the activity is cancelled', async () => {
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(stepByStep(counting(3), tinyWorld().context(signal))).rejects.toThrow('cancelled');
});
