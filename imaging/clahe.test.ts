import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { equaliseFrame, equaliseFrames } from './clahe.ts';

interface ReferenceCase {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly clipLimit: number;
  /** Bytes 0..255. */
  readonly frame: readonly number[];
  readonly expected: readonly number[];
}

const reference: { cases: ReferenceCase[] } = JSON.parse(
  readFileSync(new URL('./clahe.reference.json', import.meta.url), 'utf8'),
);

test.each(reference.cases)(
  'equalises as scikit-image does: $name',
  ({ rows, columns, clipLimit, frame, expected }) => {
    const grey = Float32Array.from(frame, (value) => value / 255);
    const equalised = equaliseFrame(grey, rows, columns, { clipLimit, tiles: 8, bins: 256 });
    expect(expected.length).toBe(rows * columns);
    // Sums in single precision there may fall on the other side of a whole 14-bit level, before the final stretch.
    equalised.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(2.5e-4);
    });
  },
);

test('a frame of one grey level and a frame smaller than the number of regions come through', () => {
  const options = { clipLimit: 0.01, tiles: 8, bins: 256 };
  expect([...equaliseFrame(new Float32Array(20).fill(0.25), 4, 5, options)]).toEqual(Array(20).fill(0.25));
  const tiny = equaliseFrame(Float32Array.of(0, 1, 0.5, 0.25), 2, 2, options);
  expect(tiny.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect([...equaliseFrame(Float32Array.of(0.5), 1, 1, options)]).toEqual([0.5]);
});

test('frames of a video are equalised one by one', () => {
  const frame = Float32Array.from({ length: 256 }, (_, i) => (i * 37) % 256).map((value) => value / 255);
  const video = {
    frames: 2,
    rows: 16,
    columns: 16,
    spacingMm: [1, 1] as const,
    frameTimeMs: 30,
    intensities: Float32Array.from([...frame, ...frame.map((value) => value / 2)]),
  };
  const options = { clipLimit: 0.01, tiles: 8, bins: 256 };
  const { intensities } = equaliseFrames(video, options);
  expect([...intensities.subarray(0, 256)]).toEqual([...equaliseFrame(frame, 16, 16, options)]);
  // Each frame is stretched to its own range first, so a darker copy gives nearly the same picture.
  intensities.subarray(256).forEach((value, i) => {
    expect(Math.abs(value - intensities[i]!)).toBeLessThan(0.02);
  });
});
