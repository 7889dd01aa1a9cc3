import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import type { Predictor } from '../windows/window-predictor.ts';
import { policyProbabilities } from './predict-video.ts';
import { augmentedProbabilities, type View, viewOf, viewsOf } from './test-time-augmentation.ts';

const inference = InferenceSchema.parse({ padFrames: 0 });

/** A smooth bright hill on a dark ground. */
function hill(rows: number, columns: number): GreyVideo {
  const intensities = Float32Array.from({ length: 4 * rows * columns }, (_, i) => {
    const r = (Math.floor(i / columns) % rows) - rows * 0.4;
    const c = (i % columns) - columns * 0.55;
    return 0.1 + 0.8 * Math.exp(-(r * r + c * c) / 60);
  });
  return { frames: 4, rows, columns, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

/** Foreground is as likely as the pixel is bright: moving the image and back must change next to nothing. */
const brightness: Predictor = {
  config: {
    baseFilters: 1,
    maxFilters: 1,
    strides: [
      [1, 1, 1],
      [1, 1, 1],
    ],
    kernels: [
      [1, 1, 1],
      [1, 1, 1],
    ],
    inputChannels: 1,
    outputChannels: 2,
    deepSupervision: false,
  },
  forward: (x) => tf.concat([tf.zerosLike(x), tf.mul(tf.sub(x, 0.5), 4)], 4) as tf.Tensor5D,
};

const shift = (rows: number, columns: number): View => ({ kind: 'shift', rows, columns });
const around = (rows: number, columns = rows): View[] => [
  shift(rows, 0),
  shift(-rows, 0),
  shift(0, columns),
  shift(0, -columns),
];

it('has the 25 published views on the published grid, shifts by whole pixels', () => {
  const published: View[] = [
    ...[1, 1.1, 0.9, 1.25, 0.75].map((factor) => ({ kind: 'contrast', factor }) as const),
    ...[40, 60, 80, 120].flatMap((pixels) => around(pixels)),
    ...[5, -5, 10, -10].map((degrees) => ({ kind: 'rotation', degrees }) as const),
  ];
  const grid = { ...hill(8, 8), spacingMm: [0.37, 0.37] as const };
  // -0 and 0 shift alike.
  expect(JSON.stringify(viewsOf(inference.testTimeAugmentation, grid))).toBe(JSON.stringify(published));
});

it('shifts as far on a coarser grid, by its own pixels in rows and columns, and has the views that are asked for', () => {
  const few = { always: true, contrasts: [1.1], shiftsMm: [8], rotationsDegrees: [], zooms: [0.8] };
  const grid = { ...hill(8, 8), spacingMm: [1.3, 2] as const };
  const expected = [
    { kind: 'contrast', factor: 1 },
    { kind: 'contrast', factor: 1.1 },
    ...around(6, 4),
    { kind: 'zoom', factor: 0.8 },
  ];
  expect(JSON.stringify(viewsOf(few, grid))).toBe(JSON.stringify(expected));
});

it('moves the image by the shift, zero where nothing was', () => {
  const video = hill(20, 30);
  const { intensities } = viewOf(video, { kind: 'shift', rows: 3, columns: -2 });
  expect(intensities[5 * 30 + 7]).toBeCloseTo(video.intensities[2 * 30 + 9]!, 6);
  expect(intensities[2 * 30 + 7]).toBe(0);
  expect(intensities[5 * 30 + 29]).toBe(0);
});

it('zooms about the centre: half as large, a pixel lies half as far from it', () => {
  const video = hill(33, 41);
  const { intensities } = viewOf(video, { kind: 'zoom', factor: 0.5 });
  expect(intensities[(16 - 4) * 41 + 20 + 6]).toBeCloseTo(video.intensities[(16 - 8) * 41 + 20 + 12]!, 6);
  expect(intensities[16 * 41 + 2]).toBe(0);
});

it('rotates there and back to where it was', () => {
  const video = hill(32, 32);
  const there = viewOf(video, { kind: 'rotation', degrees: 10 });
  const back = viewOf(there, { kind: 'rotation', degrees: -10 });
  const at = 13 * 32 + 17;
  expect(back.intensities[at]).toBeCloseTo(video.intensities[at]!, 1);
  expect(Math.abs(there.intensities[at]! - video.intensities[at]!)).toBeGreaterThan(0);
});

it.each([
  ['larger', 50, 54],
  ['smaller', 20, 24],
])(
  'agrees with the plain prediction of a predictor that looks at single pixels, image %s than the shifts',
  (_, rows, columns) => {
    const video = hill(rows, columns);
    const before = tf.memory().numTensors;
    const plain = policyProbabilities(brightness, video, inference);
    const mean = augmentedProbabilities(brightness, video, inference);
    expect(tf.memory().numTensors).toBe(before);
    let worst = 0;
    for (let i = 0; i < plain.length; i++) worst = Math.max(worst, Math.abs(plain[i]! - mean[i]!));
    expect(worst).toBeLessThan(0.06);
    for (let i = 0; i < mean.length; i += 2) expect(Math.abs(mean[i]! + mean[i + 1]! - 1)).toBeLessThan(1e-4);
  },
);
