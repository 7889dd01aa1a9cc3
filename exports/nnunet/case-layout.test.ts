import { describe, expect, test } from 'vitest';
import { readAlignedLabels, readGreyNifti, writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { affineOf, type NiftiLayout, plainLayout } from '../../datasets/nifti-layout.ts';
import { nnunetLayout } from './case-layout.ts';

const video = { frames: 2, rows: 3, columns: 4, spacingMm: [0.5, 0.3] as const, frameTimeMs: 40 };
const plain = plainLayout(video);
const labels = Uint8Array.from({ length: 24 }, (_, i) => (i * i) % 3);

const layouts: Readonly<Record<string, NiftiLayout | undefined>> = {
  'no layout': undefined,
  plain,
  'both axes reversed, with an origin': {
    ...plain,
    sform: [-0.3, 0, 0, 50.5, 0, -0.5, 0, 20.25, 0, 0, 1, 0],
  },
  'frames reversed': { ...plain, sform: [0.3, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, -0.04, 0] },
  'rows before columns': { ...plain, sform: [0, 0.5, 0, 0, 0.3, 0, 0, 0, 0, 0, 0.04, 0] },
  'a quaternion alone': {
    ...plain,
    ...{ sformCode: 0, qformCode: 1, quaternion: [0, 0, 1, 3, 4, 5] },
    pixDims: [-1, 0.3, 0.5, 0.04, 0, 0, 0, 0],
  },
  'time on the fourth axis': {
    ...plain,
    ...{ dims: [4, 4, 3, 1, 2, 1, 1, 1], pixDims: [1, 0.3, 0.5, 9, 0.04, 0, 0, 0] },
  },
  'metres and milliseconds': {
    ...plain,
    ...{ units: 1 | 16, pixDims: [1, 0.0003, 0.0005, 40, 0, 0, 0, 0] },
    sform: [0.0003, 0, 0, 0.01, 0, -0.0005, 0, 0.02, 0, 0, 40, 0],
  },
  'an affine that is none': { ...plain, sform: [0.3, 0.6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
};

describe.each(Object.entries(layouts))('a video with %s', (_, layout) => {
  const made = nnunetLayout({ ...video, ...(layout && { layout }) });

  test('has three axes in mm, frames 1 apart, and steps of that size at right angles', () => {
    expect(made.dims.slice(0, 5)).toEqual([3, 4, 3, 2, 1]);
    expect(made.pixDims.slice(1, 4)).toEqual([0.3, 0.5, 1]);
    const { column, row, third } = affineOf(made)!;
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
    const steps = [column, row, third!];
    for (const [i, size] of [0.3, 0.5, 1].entries()) {
      expect(Math.sqrt(dot(steps[i]!, steps[i]!))).toBeCloseTo(size, 5);
      expect(dot(steps[i]!, steps[(i + 1) % 3]!)).toBeCloseTo(0, 6);
    }
  });

  test.skipIf(layout?.sform[1] === 0.6)('takes a prediction on that grid pixel by pixel', () => {
    const intensities = Float32Array.from(labels);
    const image = readGreyNifti(writeGreyNifti({ ...video, intensities }, 'uint8', layout), 'video');
    const predicted = writeLabelNifti({ ...video, labels }, nnunetLayout(image));
    expect(readAlignedLabels(predicted, 'mask', image).labels).toEqual(labels);
  });
});
