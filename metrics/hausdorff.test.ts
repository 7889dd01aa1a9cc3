import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelFrame, LabelVideo } from '../imaging/image.ts';
import { hausdorffMm, surfaceHausdorff } from './hausdorff.ts';
import { frameSurfaces, type Surface } from './surfaces.ts';

function bruteForce(a: Surface, b: Surface, [rowMm, columnMm]: readonly [number, number]): number {
  const directed = (from: Surface, to: Surface) => {
    let greatest = 0;
    for (let i = 0; i < from.count; i++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let j = 0; j < to.count; j++) {
        const y = (from.row[i]! - to.row[j]!) * rowMm;
        const x = (from.column[i]! - to.column[j]!) * columnMm;
        nearest = Math.min(nearest, y * y + x * x);
      }
      greatest = Math.max(greatest, nearest);
    }
    return greatest;
  };
  return Math.sqrt(Math.max(directed(a, b), directed(b, a)));
}

const anyFrame = (rows: number, columns: number) =>
  fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: rows * columns, maxLength: rows * columns }),
      fc.constantFrom(1, 3, 12),
    )
    // Sparse masks put surfaces far from each other, dense ones make many queries.
    .map(([list, keep]) => Uint8Array.from(list, (label, i) => (i % keep === 0 ? label : 0)));

describe('Hausdorff distance', () => {
  test('equals brute force over surface pixels, with unequal spacing', () => {
    fc.assert(
      fc.property(
        anyFrame(13, 17),
        anyFrame(13, 17),
        fc.tuple(fc.double({ min: 0.2, max: 2, noNaN: true }), fc.double({ min: 0.2, max: 2, noNaN: true })),
        (first, second, spacingMm) => {
          const frameOf = (labels: Uint8Array): LabelFrame => ({ rows: 13, columns: 17, spacingMm, labels });
          const a = frameSurfaces(frameOf(first));
          const b = frameSurfaces(frameOf(second));
          for (const name of ['lv', 'myo', 'epi'] as const) {
            const found = surfaceHausdorff(a[name], b[name], spacingMm);
            if (a[name].count === 0 || b[name].count === 0) expect(found).toBeUndefined();
            else expect(found).toBeCloseTo(bruteForce(a[name], b[name], spacingMm), 9);
          }
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });

  test('equals brute force where thousands of pixels are far from a few, which sweeps solve instead of searches', () => {
    const size = 120;
    const corner = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(fc.array(fc.tuple(corner, corner), { minLength: 1, maxLength: 4 }), (specks) => {
        const block = new Uint8Array(size * size);
        for (let r = 40; r < 80; r++) for (let c = 40; c < size; c++) block[r * size + c] = (r + c) % 2;
        const few = new Uint8Array(size * size);
        // In opposite corners, so that the rows between them are empty.
        for (const [r, c] of specks) {
          few[r * size + c] = 1;
          few[(size - 1 - r) * size + size - 1 - c] = 1;
        }
        const surfaceOf = (labels: Uint8Array) =>
          frameSurfaces({ rows: size, columns: size, spacingMm: [0.5, 0.3], labels }).lv;
        const [a, b] = [surfaceOf(block), surfaceOf(few)];
        expect(surfaceHausdorff(a, b, [0.5, 0.3])).toBeCloseTo(bruteForce(a, b, [0.5, 0.3]), 9);
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  test('an empty prediction counts as one pixel at the image centre', () => {
    const video = (labels: Uint8Array): LabelVideo => ({
      frames: 1,
      rows: 5,
      columns: 5,
      spacingMm: [2, 1],
      frameTimeMs: 30,
      labels,
    });
    const corner = new Uint8Array(25);
    corner[0] = 1;
    const found = hausdorffMm(video(new Uint8Array(25)), video(corner));
    expect(found.lv).toBeCloseTo(Math.hypot(4, 2), 12);
    expect(found.myo).toBe(0);
    expect(found.mean).toBeCloseTo(Math.hypot(4, 2), 12);
  });

  test('two grids that differ are refused with both sizes', () => {
    const video = (rows: number): LabelVideo => ({
      frames: 1,
      rows,
      columns: 2,
      spacingMm: [1, 1],
      frameTimeMs: 30,
      labels: new Uint8Array(rows * 2),
    });
    expect(() => hausdorffMm(video(2), video(3))).toThrow(/1 x 2 x 2.*1 x 3 x 2/);
  });
});
