import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { afterAll, expect, it } from 'vitest';
import {
  InferenceSchema,
  LinearShapesSchema,
  OptimisationSchema,
  PreprocessingSchema,
} from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { predictVideo, segmentPrepared } from '../../method/inference/segment-prepared.ts';
import { twoLevelUNet } from '../../method/networks/two-level-unet.fixture.ts';
import { Reward } from '../../method/rewards/reward.ts';
import type { RewardNetwork } from '../../method/rewards/reward-network.ts';
import { fitLinearShapes } from '../../method/shapes/linear-shapes.ts';
import { segmentVideo } from './segment-video.ts';

const policy = twoLevelUNet(1, 1, 3);
const anatomical: RewardNetwork = {
  kind: 'anatomical-reward',
  network: twoLevelUNet(2, 2, 1),
  temperature: 2,
};
const landmark: RewardNetwork = { kind: 'landmark-reward', network: twoLevelUNet(3, 2, 1), temperature: 1 };
afterAll(() => {
  for (const each of [policy, anatomical.network, landmark.network]) each.dispose();
});

const settings = {
  preprocessing: PreprocessingSchema.parse({ spacingMm: 1, multiple: 8, clahe: { enabled: false } }),
  inference: InferenceSchema.parse({}),
  optimisation: OptimisationSchema.parse({}),
};
const random = randomStream(4, 'video');
// 15 x 14 pixels, so that the working grid is larger.
const video: GreyVideo = {
  frames: 5,
  rows: 15,
  columns: 14,
  spacingMm: [1, 1],
  frameTimeMs: 40,
  intensities: Float32Array.from({ length: 5 * 15 * 14 }, (_, i) => (i === 0 ? 1 : random.uniform())),
};
const prepared = preprocess(video, settings.preprocessing);
const plain = { augment: false, optimise: false, uncertainty: false };

it('predicts plainly, or over many views when asked to', () => {
  const { labels, ...more } = segmentVideo(video, policy, settings);
  const { inference } = settings;
  expect(labels).toEqual(segmentPrepared(policy, prepared, inference).labels);
  expect(more).toEqual({});
  const { labels: overViews } = segmentVideo(video, policy, settings, { ...plain, augment: true });
  expect(overViews).toEqual(segmentPrepared(policy, prepared, inference, { augment: true }).labels);
  expect(overViews.labels).not.toEqual(labels.labels);
  const always = { ...inference, testTimeAugmentation: { ...inference.testTimeAugmentation, always: true } };
  expect(segmentVideo(video, policy, { ...settings, inference: always }).labels).toEqual(overViews);
});

it('is as sure of a pixel as the policy and the reward networks all are, on the grid of the video', () => {
  const before = tf.memory().numTensors;
  const extras = { ...plain, uncertainty: true, reward: new Reward([anatomical, landmark]) };
  const { confidence } = segmentVideo(video, policy, settings, extras);
  expect(tf.memory().numTensors).toBe(before);
  const predicted = predictVideo(policy, prepared.video, settings.inference);
  const maps = [anatomical, landmark].map((network) =>
    new Reward([network]).ofVideo(prepared.video, predicted, settings.inference),
  );
  const minimum = predicted.certainty.map((value, i) => Math.min(value, maps[0]![i]!, maps[1]![i]!));
  expect(confidence).toMatchObject({ frames: 5, rows: 15, columns: 14, spacingMm: [1, 1], frameTimeMs: 40 });
  expect(confidence).toEqual(prepared.restoreMap({ ...prepared.video, intensities: minimum }));
  for (const part of [...maps, predicted.certainty]) expect(minimum).not.toEqual(part);
});

it('optimises by one reward network of any kind, and leaves the policy as it was', () => {
  const weights = structuredClone(policy.toArrays());
  for (const networks of [[landmark], [anatomical, landmark]]) {
    const reward = new Reward(networks);
    const { optimisation } = segmentVideo(video, policy, settings, { ...plain, optimise: true, reward });
    expect(optimisation).toMatchObject({ validBefore: false });
    expect(optimisation!.failingFrames[optimisation!.pass]).toBe(Math.min(...optimisation!.failingFrames));
  }
  expect(policy.toArrays()).toEqual(weights);
});

it('says how well what it saw agrees with its completion, optimised or not', () => {
  const hearts = Array.from({ length: 3 }, (_, index) =>
    generatePhantom({ domain: 'source', seed: 5, index }),
  ).map(({ labels }) => labels);
  const shapes = fitLinearShapes(hearts, LinearShapesSchema.parse({ side: 32 }), randomStream(1, 'shapes'));
  const inference = InferenceSchema.parse({ completion: { enabled: true, mirrorBelow: 0 } });
  const optimisation = { ...settings.optimisation, passes: 1 };
  const completing = { ...settings, inference, optimisation, shapes };
  const reward = new Reward([anatomical]);
  for (const optimise of [false, true]) {
    const { completion, labels } = segmentVideo(video, policy, completing, { ...plain, optimise, reward });
    // Noise through random weights is no heart.
    expect(completion).toMatchObject({ taken: false });
    const seen = segmentVideo(
      video,
      policy,
      { ...completing, shapes: undefined },
      { ...plain, optimise, reward },
    );
    expect(labels).toEqual(seen.labels);
  }
});

it('says what is missing where a reward is needed and none is given', () => {
  for (const asked of [{ optimise: true }, { uncertainty: true }]) {
    expect(() => segmentVideo(video, policy, settings, { ...plain, ...asked })).toThrow('need a reward');
  }
});
