import { expect, it } from 'vitest';
import { meanCurve } from './round-curve.ts';

it('is the mean of the workers that took a step, of what all of them measured', () => {
  const first = [
    { step: 1, reward: 0.25, loss: 1 },
    { step: 2, reward: 0.5 },
  ];
  const second = [{ step: 1, reward: 0.75, rolledBack: 1 }];
  expect(meanCurve([first, second], 1)).toEqual([
    { step: 1, reward: 0.5 },
    { step: 2, reward: 0.5 },
  ]);
});

it('goes on counting where the round before ended', () => {
  const points = [
    { step: 1, reward: 1 },
    { step: 2, reward: 1 },
  ];
  expect(meanCurve([points], 3).map(({ step }) => step)).toEqual([5, 6]);
});
