import { expect, it } from 'vitest';
import { keptAt } from '../networks/weight-average.ts';
import { averageOverRounds } from './average-over-rounds.ts';

const weights = (value: number) => ({ weight: { shape: [], data: Float32Array.of(value) } });

it('is the average of plain training whose weights stand still within a round', () => {
  const [decay, steps] = [0.4, 3];
  let average = weights(5);
  let plain = 5;
  for (const [round, merged] of [1, -2, 4].entries()) {
    average = averageOverRounds(average, weights(merged), decay, {
      before: round * steps,
      during: steps,
    }) as never;
    for (let step = round * steps; step < (round + 1) * steps; step++) {
      plain = keptAt(decay, step) * plain + (1 - keptAt(decay, step)) * merged;
    }
  }
  expect(average.weight.data[0]).toBeCloseTo(plain, 5);
});

it('is the merged weights where nothing is averaged', () => {
  const steps = { before: 0, during: 2 };
  expect(averageOverRounds(weights(5), weights(2), 0, steps)).toEqual(weights(2));
});
