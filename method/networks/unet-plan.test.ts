import { expect, it } from 'vitest';
import { inPlaneMultiple, planUNet } from './unet-plan.ts';

/** A network of the given strides of rows and columns. */
const networkOf = (...strides: (readonly [number, number])[]) =>
  planUNet({
    inputChannels: 1,
    outputChannels: 3,
    baseFilters: 1,
    maxFilters: 1,
    strides: [[1, 1, 1], ...strides.map(([rows, columns]) => [1, rows, columns] as [number, number, number])],
    kernels: Array.from({ length: strides.length + 1 }, () => [1, 3, 3]),
    deepSupervision: false,
  });

it.each([
  [[[2, 2] as const, [2, 2] as const], 4],
  [[[2, 1] as const, [2, 2] as const], 4],
  // Neither 4 nor 3 rows and columns would do.
  [[[2, 3] as const, [2, 1] as const], 12],
  [[[2, 3] as const, [3, 2] as const], 6],
  [[[1, 1] as const], 1],
])('strides of rows and columns %j fit pictures whose sides are multiples of %i', (strides, multiple) => {
  const plan = networkOf(...strides);
  expect(inPlaneMultiple(plan)).toBe(multiple);
  expect([multiple % plan.multiples[1], multiple % plan.multiples[2]]).toEqual([0, 0]);
});
