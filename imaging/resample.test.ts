import { expect, test } from 'vitest';
import { gridAtSpacing, resampleGrey, resampleGreyTo, resampleLabels, resampleLabelsTo } from './resample.ts';

const plane = { frames: 1, frameTimeMs: 30 };

test('a new grid covers the same field of view, in whole pixels and at least one', () => {
  const video = { ...plane, rows: 100, columns: 60, spacingMm: [0.74, 0.37] as const };
  expect(gridAtSpacing(video, 0.37)).toEqual({ rows: 200, columns: 60, spacingMm: [0.37, 0.37] });
  expect(gridAtSpacing(video, 500)).toMatchObject({ rows: 1, columns: 1 });
});

test('a ramp stays a ramp, and its centre stays where it was', () => {
  const columns = 41;
  const ramp = Float32Array.from({ length: 3 * columns }, (_, i) => (i % columns) / 40);
  const video = { ...plane, rows: 3, columns, spacingMm: [1, 1] as const, intensities: ramp };
  const resampled = resampleGrey(video, 0.5);
  expect(resampled).toMatchObject({ rows: 6, columns: 82, spacingMm: [0.5, 0.5] });
  const row = resampled.intensities.subarray(2 * 82, 3 * 82);
  for (let c = 2; c < 80; c++) expect(row[c]).toBeCloseTo(((c - 40.5) * 0.5 + 20) / 40, 6);
  expect(row[0]).toBe(0);
  expect(row[81]).toBe(1);
});

test('rows and columns are resampled by their own pixel size, and frames are never mixed', () => {
  const intensities = Float32Array.from({ length: 2 * 4 * 2 }, (_, i) => (i < 8 ? 0.25 : 0.75));
  const video = { frames: 2, frameTimeMs: 30, rows: 4, columns: 2, spacingMm: [1, 2] as const, intensities };
  const resampled = resampleGrey(video, 1);
  expect(resampled).toMatchObject({ frames: 2, rows: 4, columns: 4 });
  expect([...resampled.intensities]).toEqual([...Array(16).fill(0.25), ...Array(16).fill(0.75)]);
});

test('labels keep their values, and go to a finer grid and back unchanged', () => {
  const labels = Uint8Array.from({ length: 15 * 17 }, (_, i) => (i * 7) % 3);
  const video = { ...plane, rows: 15, columns: 17, spacingMm: [1.1, 1.3] as const, labels };
  const fine = resampleLabels(video, 0.37);
  expect(new Set(fine.labels)).toEqual(new Set([0, 1, 2]));
  expect([...resampleLabelsTo(fine, video).labels]).toEqual([...labels]);
});

test('a video already on the grid is returned as it is', () => {
  const video = {
    ...plane,
    rows: 2,
    columns: 2,
    spacingMm: [1, 1] as const,
    intensities: new Float32Array(4),
  };
  expect(resampleGreyTo(video, { rows: 2, columns: 2, spacingMm: [1, 1] })).toBe(video);
});
