import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nonZero } from '../imaging/components.ts';
import { maskRuns } from '../imaging/runs.ts';
import { greatestDepth } from './greatest-depth.ts';

/** Greatest distance of a pixel of the mask to a pixel that is not in it, from all pairs. */
function deepestOf(mask: Uint8Array, columns: number): number {
  const places = Array.from(mask.keys());
  const outside = places.filter((i) => mask[i] === 0);
  const away = (i: number, j: number) =>
    (Math.floor(i / columns) - Math.floor(j / columns)) ** 2 + ((i % columns) - (j % columns)) ** 2;
  const squared = places.map((i) =>
    outside.reduce((least, j) => Math.min(least, away(i, j)), Number.POSITIVE_INFINITY),
  );
  return Math.sqrt(Math.max(...squared));
}

test('is the greatest over all pairs of pixels, whatever is known before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 4 }),
      (rows, columns, outside, share) => {
        const mask = new Uint8Array(rows * columns).fill(1);
        for (const place of outside) mask[place % mask.length] = 0;
        const expected = deepestOf(mask, columns);
        const known = Math.floor((expected * share) / 4);
        expect(greatestDepth(maskRuns(mask, rows, columns, nonZero), rows, columns, known)).toBe(expected);
      },
    ),
    { numRuns: 500, seed: 11 },
  );
});
