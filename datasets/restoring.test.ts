/** Onto the working grid and back: shape, pixel size, affine and units of every size of picture, exactly. */
import { expect, test } from 'vitest';
import { PreprocessingSchema } from '../contracts/run-config.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { readGreyNifti, readLabelFile, writeGreyNifti, writeLabelNifti } from './nifti.ts';
import { type NiftiLayout, plainLayout } from './nifti-layout.ts';
import { preprocess, preprocessLabels } from './preprocessing.ts';

const coarser = PreprocessingSchema.parse({ spacingMm: 0.74, multiple: 32, clahe: { enabled: false } });
const finer = PreprocessingSchema.parse({ spacingMm: 0.2, multiple: 16, clahe: { enabled: false } });

/** Pixel sizes that are no round numbers, different for every size. */
const spacingOf = (size: number) => [0.21 + (size % 17) / 13, 0.23 + (size % 11) / 7] as const;

function layoutOf(video: LabelVideo, size: number): NiftiLayout {
  const plain = plainLayout(video);
  const [rowMm, columnMm] = video.spacingMm;
  const layouts: NiftiLayout[] = [
    plain,
    { ...plain, sform: [-columnMm, 0, 0, size / 3, 0, -rowMm, 0, size / 7, 0, 0, 1, 0] },
    {
      ...plain,
      units: 1 | 16,
      pixDims: [1, columnMm / 1000, rowMm / 1000, video.frameTimeMs, 0, 0, 0, 0],
    },
    {
      ...plain,
      dims: [4, video.columns, video.rows, 1, video.frames, 1, 1, 1],
      pixDims: [1, columnMm, rowMm, 1, 0.04, 0, 0, 0],
    },
  ];
  return layouts[size % layouts.length]!;
}

test('every size from 17 to 1100', { timeout: 120_000 }, () => {
  for (let size = 17; size <= 1100; size++) {
    const other = 17 + ((size * 7) % 23);
    const [rows, columns] = size % 2 === 0 ? [size, other] : [other, size];
    const labels = new Uint8Array(rows * columns).fill(1, 0, rows * 2);
    const drawn: LabelVideo = {
      frames: 1,
      rows,
      columns,
      spacingMm: spacingOf(size),
      frameTimeMs: 40,
      labels,
    };
    const layout = layoutOf(drawn, size);
    const file = writeGreyNifti({ ...drawn, intensities: Float32Array.from(labels) }, 'uint8', layout);
    const video = readGreyNifti(file, 'v');
    const config = size % 3 === 0 ? finer : coarser;
    const original = { ...drawn, spacingMm: video.spacingMm };
    const restored = preprocess(video, config).restoreLabels(preprocessLabels(original, config));
    const { facts: _, layout: __, intensities: ___, ...grid } = video;
    const { labels: back, ...found } = restored;
    expect(found).toEqual(grid);
    expect(back.length).toBe(rows * columns);
    if (config === finer) expect(back).toEqual(labels);
    const written = readLabelFile(writeLabelNifti(restored, video.layout), 'm');
    expect(written.layout).toEqual(video.layout);
  }
});
