import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nonZero } from './components.ts';
import {
  complementRuns,
  countPixels,
  countShared,
  erodeRuns,
  maskRuns,
  type Runs,
  runsByValue,
} from './runs.ts';

const anyImage = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 9 }),
    pixels: fc.array(fc.constantFrom(0, 1, 1, 1, 2), { minLength: 81, maxLength: 81 }),
  })
  .map(({ rows, columns, pixels }) => ({
    rows,
    columns,
    pixels: Uint8Array.from(pixels.slice(0, rows * columns)),
  }));

/** The mask that the runs stand for, shape [rows, columns]. */
function drawn(found: Runs, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < found.runs; i++) {
    const offset = found.row[i]! * columns;
    mask.fill(1, offset + found.start[i]!, offset + found.end[i]!);
  }
  return mask;
}

const where = (pixels: Uint8Array, holds: (value: number) => boolean) =>
  pixels.map((value) => Number(holds(value)));
const count = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);

test('runs of a mask, of each value and of what is left out cover the pixels that they should', () => {
  fc.assert(
    fc.property(anyImage, ({ rows, columns, pixels }) => {
      const mask = maskRuns(pixels, rows, columns, nonZero);
      expect(drawn(mask, rows, columns)).toEqual(where(pixels, (value) => value !== 0));
      const rest = complementRuns(mask, rows, columns);
      expect(drawn(rest, rows, columns)).toEqual(where(pixels, (value) => value === 0));
      runsByValue(pixels, rows, columns, 2).forEach((found, wanted) => {
        expect(drawn(found, rows, columns)).toEqual(where(pixels, (value) => value === wanted));
      });
    }),
    { seed: 3 },
  );
});

test('an erosion keeps the pixels whose neighbours inside the image are all in the mask', () => {
  fc.assert(
    fc.property(anyImage, ({ rows, columns, pixels }) => {
      const expected = pixels.map((_, i) => {
        const [r, c] = [Math.floor(i / columns), i % columns];
        for (let y = Math.max(0, r - 1); y <= Math.min(rows - 1, r + 1); y++) {
          for (let x = Math.max(0, c - 1); x <= Math.min(columns - 1, c + 1); x++) {
            if (pixels[y * columns + x] === 0) return 0;
          }
        }
        return 1;
      });
      const eroded = erodeRuns(maskRuns(pixels, rows, columns, nonZero), rows, columns);
      expect(drawn(eroded, rows, columns)).toEqual(expected);
    }),
    { numRuns: 300, seed: 4 },
  );
});

test('pixels of one mask and of two together are counted', () => {
  fc.assert(
    fc.property(anyImage, anyImage, (first, second) => {
      const rows = Math.min(first.rows, second.rows);
      const columns = Math.min(first.columns, second.columns);
      const [a, b] = [first, second].map(({ pixels }) => pixels.slice(0, rows * columns));
      const [inA, inB] = [a!, b!].map((pixels) => maskRuns(pixels, rows, columns, nonZero));
      expect(countPixels(inA!)).toBe(count(where(a!, (value) => value !== 0)));
      expect(countShared(inA!, inB!)).toBe(count(a!.map((value, i) => Number(value !== 0 && b![i] !== 0))));
    }),
    { seed: 5 },
  );
});
