import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nonZero } from '../imaging/components.ts';
import { distanceToBackground } from '../imaging/distance-transform.ts';
import { maskRuns } from '../imaging/runs.ts';
import { greatestDepth } from './greatest-depth.ts';

test('is the maximum of the distance transform, whatever is known before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 4 }),
      (rows, columns, outside, share) => {
        const mask = new Uint8Array(rows * columns).fill(1);
        for (const place of outside) mask[place % mask.length] = 0;
        const expected = Math.max(...distanceToBackground(mask, rows, columns));
        const known = Math.floor((expected * share) / 4);
        expect(greatestDepth(maskRuns(mask, rows, columns, nonZero), rows, columns, known)).toBe(expected);
      },
    ),
    { numRuns: 500, seed: 11 },
  );
});
