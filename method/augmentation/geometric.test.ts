import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { UNKNOWN } from '../../ground/labels.ts';
import { copyOf, everything, heart, streamsOf } from './augmentation.fixture.ts';
import { drawTransform, type PlaneTransform, sourcePoint, transformed } from './geometric.ts';
import type { LabelledWindow } from './labelled-window.ts';

const still: PlaneTransform = { angle: 0, scale: [1, 1], shiftMm: [0, 0] };

/** Grey levels that say where they are: a plane over rows and columns, in mm, which bilinear sampling keeps. */
function plane(spacingMm: number): LabelledWindow {
  const window = heart(spacingMm, 1);
  const { rows, columns, image } = window;
  for (let i = 0; i < image.length; i++) {
    const row = (Math.floor(i / columns) - (rows - 1) / 2) * spacingMm;
    const column = ((i % columns) - (columns - 1) / 2) * spacingMm;
    image[i] = 0.5 + row / 200 + column / 400;
  }
  return window;
}

describe('a transform', () => {
  it('that does nothing changes no bit', () => {
    expect(transformed(heart(0.37), still)).toEqual(heart(0.37));
  });

  it('by whole pixels moves them, image and labels alike, and leaves black background behind', () => {
    const window = heart();
    const moved = transformed(window, { ...still, shiftMm: [2, -3] });
    const { rows, columns } = window;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const inside = row >= 2 && column < columns - 3;
        const from = (row - 2) * columns + column + 3;
        const to = row * columns + column;
        expect(moved.image[to]).toBe(inside ? window.image[from] : 0);
        expect(moved.labels[to]).toBe(inside ? window.labels[from] : 0);
      }
    }
  });

  it('makes no background known in a frame in which nobody drew any', () => {
    const window = heart(1, 3);
    const pixels = window.rows * window.columns;
    // Of the second frame nothing is known, of the third the ventricle alone.
    for (let i = pixels; i < window.labels.length; i++)
      if (i < 2 * pixels || window.labels[i] !== 1) window.labels[i] = UNKNOWN;
    const { labels } = transformed(window, { angle: 0.3, scale: [0.8, 0.8], shiftMm: [4, 4] });
    const found = [0, 1, 2].map((t) => [...new Set(labels.subarray(t * pixels, (t + 1) * pixels))].sort());
    expect(found).toEqual([[0, 1, 2], [UNKNOWN], [1, UNKNOWN]]);
  });

  it('by a quarter turn is its analytic form on every pixel', () => {
    const square = heart(1, 1, [50, 50]);
    const turned = transformed(square, { ...still, angle: Math.PI / 2 });
    // Seen at (r, c) is what was at (c, -r).
    for (let row = 0; row < 50; row++) {
      for (let column = 0; column < 50; column++) {
        expect(turned.labels[row * 50 + column]).toBe(square.labels[column * 50 + (49 - row)]);
        expect(turned.image[row * 50 + column]).toBeCloseTo(square.image[column * 50 + (49 - row)]!, 6);
      }
    }
  });

  it.each([0.37, 1, 1.7])('that is drawn samples where its formula says, at %f mm pixels', (spacingMm) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const window = plane(spacingMm);
        const transform = drawTransform(everything.geometry, streamsOf(seed))!;
        const { image, rows, columns } = transformed(window, transform);
        for (const [row, column] of [
          [rows >> 1, columns >> 1],
          [rows >> 2, columns >> 1],
          [rows >> 1, columns >> 2],
        ] as const) {
          const point = [
            (row - (rows - 1) / 2) * spacingMm,
            (column - (columns - 1) / 2) * spacingMm,
          ] as const;
          const [sourceRow, sourceColumn] = sourcePoint(transform, point);
          const found = image[row * columns + column]!;
          if (found !== 0) expect(found).toBeCloseTo(0.5 + sourceRow / 200 + sourceColumn / 400, 5);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('magnifies areas by the product of its scales', () => {
    const wall = ({ labels }: LabelledWindow) => labels.filter((label) => label > 0).length;
    const window = heart(0.5, 1);
    const magnified = transformed(window, { ...still, scale: [1.2, 0.9] });
    expect(wall(magnified) / wall(window)).toBeCloseTo(1.2 * 0.9, 1);
  });

  it('takes image and labels along together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const window = heart();
        window.image.set(window.labels.map((label) => (label > 0 ? 1 : 0)));
        const { image, labels } = transformed(window, drawTransform(everything.geometry, streamsOf(seed))!);
        // Off the borders, where one is interpolated and the other is not.
        const apart = image.filter(
          (value, i) => (value === 1 && labels[i] === 0) || (value === 0 && labels[i]! > 0),
        );
        expect(apart).toHaveLength(0);
      }),
      { numRuns: 30 },
    );
  });
});

it('draws within its ranges and in mm: the same transform at every pixel size', () => {
  const geometry = AugmentationSchema.parse({
    geometry: { rotationDegrees: 20, scale: 1.5, aspect: 1.2, shiftMm: 15 },
  }).geometry;
  const drawn = Array.from({ length: 1000 }, (_, seed) => drawTransform(geometry, streamsOf(seed))!);
  for (const { angle, scale, shiftMm } of drawn) {
    expect(Math.abs(angle)).toBeLessThanOrEqual((20 * Math.PI) / 180);
    for (const factor of scale) expect(Math.abs(Math.log(factor))).toBeLessThanOrEqual(Math.log(1.5 * 1.2));
    for (const shift of shiftMm) expect(Math.abs(shift)).toBeLessThanOrEqual(15);
  }
  const magnified = drawn.filter(({ scale }) => scale[0] * scale[1] > 1).length;
  expect(magnified / 1000).toBeCloseTo(0.5, 1);
  const window = heart();
  const before = copyOf(window);
  transformed(window, drawn[0]!);
  expect(window).toEqual(before);
});
