import { expect, it } from 'vitest';
import { mirroredValues, mirroredVideo } from './mirroring.ts';

it('exchanges left and right in every frame, channels kept in their order', () => {
  const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect([...mirroredValues(values, 3, 2)]).toEqual([5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8]);
  const video = {
    frames: 2,
    rows: 1,
    columns: 3,
    spacingMm: [1, 1] as const,
    frameTimeMs: 40,
    intensities: values.subarray(0, 6),
  };
  expect([...mirroredVideo(video).intensities]).toEqual([3, 2, 1, 6, 5, 4]);
  expect(mirroredVideo(mirroredVideo(video))).toEqual(video);
});
