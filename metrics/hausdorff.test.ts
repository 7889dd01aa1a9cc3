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

  test('stays linear when thousands of surface pixels are far from a single one', () => {
    const size = 600;
    const labels = new Uint8Array(size * size);
    for (let r = 0; r < size; r++) for (let c = 0; c < 300; c++) labels[r * size + c] = (r + c) % 2;
    const far = new Uint8Array(size * size);
    far[size - 1] = 1;
    const frameOf = (pixels: Uint8Array): LabelFrame => ({
      rows: size,
      columns: size,
      spacingMm: [1, 1],
      labels: pixels,
    });
    const started = performance.now();
    const found = surfaceHausdorff(frameSurfaces(frameOf(labels)).lv, frameSurfaces(frameOf(far)).lv, [1, 1]);
    expect(found).toBeCloseTo(Math.hypot(599, 599), 9);
    expect(performance.now() - started).toBeLessThan(2000);
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
