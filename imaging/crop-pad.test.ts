import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cropOrPadGrey, cropOrPadLabels } from './crop-pad.ts';

const geometry = { frameTimeMs: 30, spacingMm: [1, 1] as const };

test('padding surrounds with zeros, the odd line on the far side', () => {
  const video = { ...geometry, frames: 1, rows: 1, columns: 2, intensities: Float32Array.of(1, 2) };
  const padded = cropOrPadGrey(video, 2, 5);
  expect([...padded.intensities]).toEqual([0, 1, 2, 0, 0, 0, 0, 0, 0, 0]);
});

test('one axis is cropped while the other is padded', () => {
  const labels = Uint8Array.of(1, 2, 1, 2, 1, 2);
  const changed = cropOrPadLabels({ ...geometry, frames: 2, rows: 1, columns: 3, labels }, 3, 1);
  expect([...changed.labels]).toEqual([0, 2, 0, 0, 1, 0]);
});

test('a larger grid and back gives the original pixels, for all sizes', () => {
  fc.assert(
    fc.property(
      fc.record({
        frames: fc.integer({ min: 1, max: 3 }),
        rows: fc.integer({ min: 1, max: 9 }),
        columns: fc.integer({ min: 1, max: 9 }),
      }),
      fc.nat(7),
      fc.nat(7),
      ({ frames, rows, columns }, moreRows, moreColumns) => {
        const labels = Uint8Array.from({ length: frames * rows * columns }, (_, i) => (i * 5) % 3);
        const video = { ...geometry, frames, rows, columns, labels };
        const back = cropOrPadLabels(
          cropOrPadLabels(video, rows + moreRows, columns + moreColumns),
          rows,
          columns,
        );
        expect(back).toEqual(video);
      },
    ),
  );
});
