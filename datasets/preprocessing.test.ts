import { expect, test } from 'vitest';
import { PreprocessingSchema } from '../contracts/run-config.ts';
import { cropOrPadLabels } from '../imaging/crop-pad.ts';
import { preprocess, preprocessLabels } from './preprocessing.ts';

const geometry = { frames: 3, rows: 50, columns: 41, spacingMm: [1.3, 0.9] as const, frameTimeMs: 40 };
const size = 3 * 50 * 41;
const intensities = Float32Array.from({ length: size }, (_, i) => ((i * 31) % 200) / 255);
const labels = Uint8Array.from({ length: size }, (_, i) => Math.floor(i / 9) % 3);

test('the grid is padded to the next multiple, at the wanted pixel size, frames untouched', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 0.6, multiple: 32 });
  const { video } = preprocess({ ...geometry, intensities }, config);
  // 50 x 1.3 / 0.6 = 108 rows, 41 x 0.9 / 0.6 = 62 columns.
  expect(video).toMatchObject({ frames: 3, rows: 128, columns: 64, spacingMm: [0.6, 0.6], frameTimeMs: 40 });
  expect(video.intensities.subarray(0, 64).every((value) => value === 0)).toBe(true);
});

test('grey levels are divided by the maximum of the video', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 1, multiple: 1, clahe: { enabled: false } });
  const { video } = preprocess({ ...geometry, spacingMm: [1, 1], intensities }, config);
  expect(video.intensities.reduce((a, b) => Math.max(a, b))).toBe(1);
  expect(video.intensities[1]).toBeCloseTo(31 / 199, 6);
});

test('a black video stays black', () => {
  const { video } = preprocess(
    { ...geometry, intensities: new Float32Array(size) },
    PreprocessingSchema.parse({}),
  );
  expect(video.intensities.every((value) => value === 0)).toBe(true);
});

test('labels return to the original grid exactly when the working grid is finer', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 0.37 });
  const original = { ...geometry, labels };
  const prepared = preprocessLabels(original, config);
  const { video, restoreLabels } = preprocess({ ...geometry, intensities }, config);
  expect([prepared.rows, prepared.columns]).toEqual([video.rows, video.columns]);
  expect(restoreLabels(prepared)).toEqual(original);
});

test('grid and pixel size return exactly when the working grid is coarser', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 2, multiple: 8 });
  const { restoreLabels } = preprocess({ ...geometry, intensities }, config);
  const { labels: restored, ...grid } = restoreLabels(preprocessLabels({ ...geometry, labels }, config));
  expect(grid).toEqual(geometry);
  expect(restored.length).toBe(size);
});

test('a pixel size that would make the video fill the memory is refused before any memory is taken', () => {
  const large = { ...geometry, frames: 60, rows: 768, columns: 1024, spacingMm: [3, 3] as const };
  const config = PreprocessingSchema.parse({ spacingMm: 0.37 });
  for (const prepare of [
    () => preprocess({ ...large, intensities: new Float32Array() }, config),
    () => preprocessLabels({ ...large, labels: new Uint8Array() }, config),
  ]) {
    expect(prepare).toThrow(/60 frames of \d+ x \d+: the picture is 2304 x 3072 mm large/);
  }
});

test('a segmentation on another grid is refused', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 0.6 });
  const prepared = preprocessLabels({ ...geometry, labels }, config);
  const { restoreLabels } = preprocess({ ...geometry, intensities }, config);
  expect(() => restoreLabels(cropOrPadLabels(prepared, 64, 64))).toThrow(
    /expected a segmentation of 3 frames of 128 x 64/,
  );
});

test('a map of numbers returns to the original grid, between the values that it had', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 2, multiple: 8 });
  const { video, restoreMap } = preprocess({ ...geometry, intensities }, config);
  const pixels = video.frames * video.rows * video.columns;
  const { intensities: flat, ...grid } = restoreMap({
    ...video,
    intensities: new Float32Array(pixels).fill(0.25),
  });
  expect(grid).toEqual(geometry);
  expect(flat.every((value) => Math.abs(value - 0.25) < 1e-6)).toBe(true);
  expect(() => restoreMap({ ...video, frames: 2 })).toThrow(/expected a segmentation of 3 frames/);
});

test('a frame of a map returns as it does within its video', () => {
  const config = PreprocessingSchema.parse({ spacingMm: 0.6 });
  const { video, restoreMap, restoreFrame } = preprocess({ ...geometry, intensities }, config);
  const whole = restoreMap(video).intensities;
  const pixels = video.rows * video.columns;
  const frames = Array.from({ length: video.frames }, (_, t) =>
    restoreFrame(video.intensities.slice(t * pixels, (t + 1) * pixels)),
  );
  expect(frames.flatMap((frame) => [...frame])).toEqual([...whole]);
});
