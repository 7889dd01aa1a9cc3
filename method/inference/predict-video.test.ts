import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { nativeBackend } from '../../recorded/leakless.fixture.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { Predictor } from '../windows/window-predictor.ts';
import { certaintyOf, confidenceMap, policyProbabilities } from './predict-video.ts';
import { predictVideo } from './segment-prepared.ts';

const inference = InferenceSchema.parse({});

function greyVideo(frames: number, rows: number, columns: number): GreyVideo {
  const random = randomStream(1, 'predict test');
  const intensities = Float32Array.from({ length: frames * rows * columns }, () => random.uniform());
  return { frames, rows, columns, spacingMm: [0.5, 0.4], frameTimeMs: 33, intensities };
}

/** Label 1 is as likely as the pixel is bright. */
const brightness: Predictor = {
  config: tinyUNet,
  forward: (x) =>
    tf.concat([tf.zerosLike(x), tf.mul(tf.sub(x, 0.5), 20), tf.fill(x.shape, -20)], 4) as tf.Tensor5D,
};

it.each([
  [1, 8, 8],
  [2, 8, 8],
  [3, 9, 11],
  [6, 16, 13],
])('segments %i frames of %i x %i pixels on their own grid', (frames, rows, columns) => {
  const video = greyVideo(frames, rows, columns);
  const network = UNet3D.initialise(tinyUNet, randomStream(2, 'network'));
  const before = tf.memory().numTensors;
  const segmentation = predictVideo(network, video, { ...inference, windowFrames: 3 });
  expect(tf.memory().numTensors).toBe(before);
  network.dispose();
  expect(segmentation).toMatchObject({ frames, rows, columns, spacingMm: [0.5, 0.4], frameTimeMs: 33 });
  expect(segmentation.labels).toHaveLength(video.intensities.length);
});

it.each([
  [3, 9, 11],
  [13, 16, 16],
])(
  'predicts %i frames of %i x %i pixels to the same bits recorded as operation by operation',
  (frames, rows, columns) => {
    const video = greyVideo(frames, rows, columns);
    const count = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
    const before = count();
    const network = UNet3D.initialise(tinyUNet, randomStream(2, 'network'));
    recordSteps(false);
    const plain = predictVideo(network, video, inference);
    recordSteps(true);
    for (let call = 0; call < 4; call++) expect(predictVideo(network, video, inference)).toEqual(plain);
    network.dispose();
    expect(count()).toEqual(before);
  },
);

it('keeps the largest foreground blob of each frame', () => {
  const video = greyVideo(5, 8, 8);
  video.intensities.fill(0.1);
  for (let t = 0; t < 5; t++) {
    for (const [row, column] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [6, 6],
    ]) {
      video.intensities[(t * 8 + row!) * 8 + column!] = 0.9;
    }
  }
  const { labels } = predictVideo(brightness, video, inference);
  expect(labels.reduce((sum, label) => sum + label, 0)).toBe(15);
  expect(labels[6 * 8 + 6]).toBe(0);
});

it('is certain of a pixel by how far its probabilities are from even', () => {
  const certainty = certaintyOf(Float32Array.of(1, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 0), 3);
  expect(certainty[0]).toBe(1);
  expect(certainty[1]).toBeCloseTo(0, 6);
  expect(certainty[2]).toBeCloseTo(1 - Math.log(2) / Math.log(3), 6);
  const video = greyVideo(3, 8, 8);
  expect(predictVideo(brightness, video, inference).certainty).toEqual(
    certaintyOf(policyProbabilities(brightness, video, inference), 3),
  );
});

it('gives probabilities that sum to one', () => {
  const values = policyProbabilities(brightness, greyVideo(3, 8, 8), inference);
  for (let i = 0; i < values.length; i += 3)
    expect(values[i]! + values[i + 1]! + values[i + 2]!).toBeCloseTo(1, 5);
});

it('is as sure of a pixel as the reward and the policy both are', () => {
  const reward = Float32Array.of(0.9, 0.25, 0.5);
  expect([...confidenceMap(reward, Float32Array.of(0.75, 1, 0.5))]).toEqual([0.75, 0.25, 0.5]);
});
