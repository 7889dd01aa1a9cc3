import { expect, it } from 'vitest';
import { joinParts } from './round-curve.ts';

it('takes the mean of the workers that took a step, of what all of them measured', () => {
  const first = {
    rollbacks: 0,
    points: [
      { step: 1, reward: 0.25, loss: 1 },
      { step: 2, reward: 0.5 },
    ],
  };
  const second = { rollbacks: 1, points: [{ step: 1, reward: 0.75, rolledBack: 1 }] };
  expect(joinParts([first, second], 1)).toEqual({
    rollbacks: 1,
    points: [
      { step: 1, reward: 0.5 },
      { step: 2, reward: 0.5 },
    ],
  });
});

it('goes on counting where the round before ended', () => {
  const points = [
    { step: 1, reward: 1 },
    { step: 2, reward: 1 },
  ];
  expect(joinParts([{ points, rollbacks: 0 }], 3).points.map(({ step }) => step)).toEqual([5, 6]);
});
