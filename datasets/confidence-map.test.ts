import { expect, test } from 'vitest';
import { readConfidenceMap } from './confidence-map.ts';
import { writeGreyNifti } from './nifti.ts';

const geometry = { frames: 2, rows: 1, columns: 2, spacingMm: [0.5, 0.4], frameTimeMs: 30 } as const;

test('values come back as they were written', () => {
  const intensities = Float32Array.of(0, 0.25, 1, 0.5);
  const read = readConfidenceMap(writeGreyNifti({ ...geometry, intensities }, 'float32'), 'map');
  expect(read).toEqual({ ...geometry, intensities });
});

test('rounding beyond 1 is cut, anything else outside [0, 1] is refused with its count', () => {
  const bytes = (...values: number[]) =>
    writeGreyNifti({ ...geometry, intensities: Float32Array.from(values) }, 'float32');
  expect(Array.from(readConfidenceMap(bytes(0, 1.000001, 1, -0.000001), 'map').intensities)).toEqual([
    0, 1, 1, 0,
  ]);
  expect(() => readConfidenceMap(bytes(0, 2, 1, Number.NaN), 'map')).toThrow(
    /map: .*found 2 other values, the first 2/,
  );
});

test('the frame time is that of the mask, whatever the map of another program says', () => {
  const bytes = writeGreyNifti({ ...geometry, frameTimeMs: 40, intensities: new Float32Array(4) }, 'float32');
  expect(readConfidenceMap(bytes, 'map', geometry).frameTimeMs).toBe(30);
});
