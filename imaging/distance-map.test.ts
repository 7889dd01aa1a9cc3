import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedDistanceMm } from './distance-map.ts';

/** By all pairs of pixels. */
function byPairs(mask: Uint8Array, columns: number, [row, column]: readonly [number, number]) {
  return Array.from(mask, (value, i) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < mask.length; j++) {
      if ((mask[j] !== 0) === (value !== 0)) continue;
      const down = row * (Math.floor(i / columns) - Math.floor(j / columns));
      const across = column * ((i % columns) - (j % columns));
      nearest = Math.min(nearest, Math.hypot(down, across));
    }
    const toBorder = nearest - (row + column) / 4;
    return value === 0 ? toBorder : -toBorder;
  });
}

describe('signed distance', () => {
  it('is that of all pairs of pixels, for any mask and pixels that are not square', () => {
    const cases = fc.record({
      columns: fc.integer({ min: 1, max: 9 }),
      mask: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 9 }),
      spacing: fc.tuple(fc.constantFrom(0.3, 1, 1.66), fc.constantFrom(0.37, 1, 2)),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ columns, mask: rowsOfMask, spacing, seed }) => {
        const rows = rowsOfMask.length;
        const mask = Uint8Array.from({ length: rows * columns }, (_, i) =>
          rowsOfMask[Math.floor(i / columns)]! === 0 ? 0 : (seed >>> (i % 31)) & 1,
        );
        const distances = signedDistanceMm(mask, rows, columns, spacing);
        byPairs(mask, columns, spacing).forEach((expected, i) => {
          if (Number.isFinite(expected)) expect(distances[i]).toBeCloseTo(expected, 5);
          else expect(distances[i]).toBe(expected);
        });
      }),
    );
  });

  it('is infinite without a border', () => {
    expect([...signedDistanceMm(new Uint8Array(4), 2, 2, [1, 1])]).toEqual(Array(4).fill(Infinity));
    expect([...signedDistanceMm(new Uint8Array(4).fill(1), 2, 2, [1, 1])]).toEqual(Array(4).fill(-Infinity));
  });
});
