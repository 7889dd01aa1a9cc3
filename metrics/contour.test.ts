import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstContour } from './contour.ts';

describe('first contour', () => {
  test('a closed contour has the points and the start of skimage.measure.find_contours', () => {
    const labels = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0);
    const contour = firstContour(labels, 4, 4, 1)!;
    // skimage 0.22: find_contours(mask, 0.9)[0]
    const expected = [
      [2.1, 2],
      [2.1, 1],
      [2, 0.9],
      [1, 0.9],
      [0.9, 1],
      [0.9, 2],
      [1, 2.1],
      [2, 2.1],
      [2.1, 2],
    ];
    expect(contour.row.length).toBe(expected.length);
    for (const [i, [row, column]] of expected.entries()) {
      expect(contour.row[i]).toBeCloseTo(row!, 12);
      expect(contour.column[i]).toBeCloseTo(column!, 12);
    }
  });

  test('a structure on the edge has an open contour from edge to edge', () => {
    const labels = Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0);
    const contour = firstContour(labels, 3, 3, 1)!;
    expect(contour.row[0] === contour.row.at(-1) && contour.column[0] === contour.column.at(-1)).toBe(false);
  });

  test('an absent structure, one that fills the image and a line of pixels have none', () => {
    expect(firstContour(new Uint8Array(9), 3, 3, 1)).toBeUndefined();
    expect(firstContour(new Uint8Array(9).fill(1), 3, 3, 1)).toBeUndefined();
    expect(firstContour(Uint8Array.of(0, 1, 0), 1, 3, 1)).toBeUndefined();
  });

  test('points of any mask follow each other within one pixel', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 48, maxLength: 48 }), (list) => {
        const contour = firstContour(Uint8Array.from(list), 6, 8, 1);
        if (contour === undefined) return;
        for (let i = 1; i < contour.row.length; i++) {
          const step = Math.hypot(
            contour.row[i]! - contour.row[i - 1]!,
            contour.column[i]! - contour.column[i - 1]!,
          );
          expect(step).toBeGreaterThan(0);
          expect(step).toBeLessThanOrEqual(Math.SQRT2);
        }
      }),
      { numRuns: 200, seed: 10 },
    );
  });
});
