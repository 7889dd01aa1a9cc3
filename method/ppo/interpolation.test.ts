import { expect, it } from 'vitest';
import { interpolateWeights } from './interpolation.ts';

const weights = (...values: number[]) => ({
  weight: { shape: [values.length], data: Float32Array.from(values) },
});

it('lies at its share of the way, and exactly on either end', () => {
  const start = weights(0, 1, -4);
  const end = weights(2, 1, 4);
  expect(interpolateWeights(start, end, 0.25)).toEqual(weights(0.5, 1, -2));
  expect(interpolateWeights(start, end, 0)).toEqual(start);
  expect(interpolateWeights(start, end, 1)).toEqual(end);
  expect(interpolateWeights(end, end, 0.3)).toEqual(end);
});

it('refuses weights of another network', () => {
  expect(() => interpolateWeights(weights(1), weights(1, 2), 0.5)).toThrow(
    expect.objectContaining({ code: 'CheckpointIncompatible' }),
  );
});
