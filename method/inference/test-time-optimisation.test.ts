import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema, OptimisationSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { preparedAsItIs } from './prepared.fixture.ts';
import { type SegmentedVideo, segmentPrepared } from './segment-prepared.ts';
import { type OptimisedVideo, segmentOptimised } from './test-time-optimisation.ts';

const inference = InferenceSchema.parse({});
const published = OptimisationSchema.parse({});
const policyOf = (seed: number) =>
  UNet3D.initialise(
    {
      baseFilters: 4,
      maxFilters: 320,
      strides: [
        [1, 1, 1],
        [2, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
      ],
      inputChannels: 1,
      outputChannels: 3,
      deepSupervision: false,
    },
    randomStream(seed, 'policy'),
  );
/** The labels on both grids, which here are one. */
function segmented(labels: LabelVideo): SegmentedVideo {
  return { labels, predicted: () => ({ ...labels, certainty: new Float32Array() }) };
}

/** As plain data, to be compared. */
function asMade({ predicted, ...rest }: OptimisedVideo) {
  return { ...rest, predicted: predicted() };
}

function disc(): GreyVideo {
  const intensities = Float32Array.from({ length: 6 * 256 }, (_, i) =>
    Math.hypot((Math.floor(i / 16) % 16) - 7.5, (i % 16) - 7.5) < 5 ? 0.8 : 0.2,
  );
  return { frames: 6, rows: 16, columns: 16, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

/** One 16 x 16 frame that passes all criteria: an open cavity under a cap of myocardium. */
function cavityInRing(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => {
    const row = Math.floor(i / 16);
    if (row > 12) return 0;
    const distance = Math.hypot(Math.min(row, 8) - 8, (i % 16) - 7.5);
    return distance < 3.6 ? 1 : distance < 6.6 ? 2 : 0;
  });
}

const paying = (of: WindowReward['of']): WindowReward => ({ passes: 0, of });

const brightnessReward = paying((image, actions) =>
  tf.tidy(() => {
    const wanted = tf.cast(tf.greater(tf.squeeze(image, [4]), 0.5), 'int32');
    return tf.cast(tf.equal(wanted, actions), 'float32') as tf.Tensor4D;
  }),
);

it('raises the reward of the worst frame on an invalid video, the same way each time, recorded or not, and leaves the shared policy alone', () => {
  const policy = policyOf(1);
  const input = {
    policy,
    reward: brightnessReward,
    prepared: preparedAsItIs(disc()),
    inference,
    seed: 7,
    config: { ...published, learningRate: 1e-2 },
  };
  const weights = structuredClone(policy.toArrays());
  const before = tf.memory().numTensors;
  const result = segmentOptimised(input);
  expect(tf.memory().numTensors).toBe(before);
  expect(policy.toArrays()).toEqual(weights);
  expect(result.failingFrames).toEqual([6, 6, 6, 6, 6]);
  expect(result.lowestRewards).toHaveLength(5);
  expect(result.pass).toBeGreaterThan(0);
  expect(result.lowestRewards[result.pass]).toBe(Math.max(...result.lowestRewards));
  expect(result).toMatchObject({ validBefore: false });
  expect(result.meanRewards).toHaveLength(5);
  for (const [i, mean] of result.meanRewards.entries())
    expect(mean).toBeGreaterThanOrEqual(result.lowestRewards[i]!);
  expect(asMade(segmentOptimised(input))).toEqual(asMade(result));
  recordSteps(false);
  expect(asMade(segmentOptimised(input))).toEqual(asMade(result));
  recordSteps(true);
  policy.dispose();
});

it('keeps the first prediction when no pass does better', () => {
  const policy = policyOf(2);
  const nothingHelps = paying((_image, actions) => tf.fill(actions.shape, 0.5));
  const prepared = preparedAsItIs(disc());
  const result = segmentOptimised({
    policy,
    reward: nothingHelps,
    prepared,
    inference,
    seed: 1,
    config: published,
  });
  expect(result).toMatchObject({ pass: 0, validBefore: false, validAfter: false });
  expect(result.labels).toEqual(segmentPrepared(policy, prepared, inference).labels);
  policy.dispose();
});

it('leaves a valid video as it is, without asking for a reward', () => {
  const policy = policyOf(3);
  const video = disc();
  const valid: LabelVideo = { ...geometryOf(video), frames: 1, labels: cavityInRing() };
  const noReward = paying(() => {
    throw new Error('a valid video needs no reward');
  });
  const prepared = preparedAsItIs(video);
  const input = { policy, reward: noReward, prepared, inference, seed: 1, config: published };
  const once = segmented(valid);
  expect(segmentOptimised(input, { segment: () => once })).toEqual({
    ...once,
    validBefore: true,
    validAfter: true,
    pass: 0,
    failingFrames: [],
    lowestRewards: [],
    meanRewards: [],
  });
  policy.dispose();
});

it('gives each video the same result in any order', () => {
  const policy = policyOf(4);
  const config = { ...published, learningRate: 1e-2, passes: 2 };
  const optimise = (video: GreyVideo) =>
    segmentOptimised({
      policy,
      reward: brightnessReward,
      prepared: preparedAsItIs(video),
      inference,
      seed: 7,
      config,
    });
  const darker = { ...disc(), intensities: disc().intensities.map((value) => value * 0.9) };
  const forwards = [optimise(disc()), optimise(darker)];
  const backwards = [optimise(darker), optimise(disc())];
  expect(forwards.some(({ pass }) => pass > 0)).toBe(true);
  expect(backwards.reverse().map(asMade)).toEqual(forwards.map(asMade));
  policy.dispose();
});

it('holds up what is more likely right than wrong, and nothing else', () => {
  const policy = policyOf(1);
  const prepared = preparedAsItIs(disc());
  const before = segmentPrepared(policy, prepared, inference).labels.labels;
  const changedBy = (probability: number): number => {
    let last = before;
    const reward = paying((_image, actions) => tf.fill(actions.shape, probability));
    const config = { ...published, entropyCoefficient: 0 };
    const segment = (network: UNet3D) => {
      const found = segmentPrepared(network, prepared, inference);
      last = found.labels.labels;
      return found;
    };
    segmentOptimised({ policy, reward, prepared, inference, seed: 7, config }, { segment });
    return last.filter((label, i) => label !== before[i]).length / before.length;
  };
  // What Adam's first steps move by their size alone is the same for both.
  expect(changedBy(0.4)).toBeGreaterThan(2 * changedBy(0.6));
  policy.dispose();
});

it('keeps the pass with the fewest failing frames, of equals the one whose worst frame earns most, and segments as told', () => {
  const policy = policyOf(1);
  const video = disc();
  const framesThatFail = [2, 3, 1, 1, 2];
  const valid = cavityInRing();
  const predicted: UNet3D[] = [];
  const segment = (network: UNet3D) => {
    const failing = framesThatFail[predicted.push(network) - 1]!;
    const labels = Uint8Array.from({ length: 6 * 256 }, (_, i) => valid[i % 256]!);
    // A piece of myocardium of its own, so small and near that nothing jumps in time.
    for (let t = 0; t < failing; t++) labels[t * 256 + 14 * 16 + 3] = 2;
    return segmented({ ...geometryOf(video), labels });
  };
  let asked = 0;
  // Two chunks a pass are asked for when it is optimised and again when it is judged.
  const rises = paying((_image, actions) => tf.fill(actions.shape, ++asked / 100));
  const prepared = preparedAsItIs(video);
  const input = { policy, prepared, inference, seed: 7, config: published, reward: rises };
  const result = segmentOptimised(input, { segment });
  expect(result.failingFrames).toEqual(framesThatFail);
  expect(result).toMatchObject({ pass: 3, validAfter: false });
  expect(predicted[0]).toBe(policy);
  policy.dispose();
});

it('stops at the first pass that makes the video valid on its own grid', () => {
  const policy = policyOf(1);
  const video = disc();
  const valid: LabelVideo = { ...geometryOf(video), frames: 1, labels: cavityInRing() };
  let predictions = 0;
  // What is predicted is the number of the prediction in every pixel; on the video's grid the third one is valid.
  const segment = (): SegmentedVideo => {
    const { predicted } = segmented({ ...valid, labels: new Uint8Array(256).fill(predictions) });
    return { predicted, labels: predictions++ === 2 ? valid : { ...valid, labels: new Uint8Array(256) } };
  };
  const before = tf.memory().numTensors;
  const prepared = preparedAsItIs(video);
  const input = { policy, reward: brightnessReward, prepared, inference, seed: 7, config: published };
  const result = segmentOptimised(input, { segment });
  expect(result).toMatchObject({ pass: 2, validBefore: false, validAfter: true });
  expect(result.predicted().labels[0]).toBe(2);
  expect(result.lowestRewards).toHaveLength(3);
  expect(tf.memory().numTensors).toBe(before);
  policy.dispose();
});

it('judges other changes of the policy as it judges its own steps, without taking any', () => {
  const policy = policyOf(1);
  const weights = structuredClone(policy.toArrays());
  const changed: number[] = [];
  const change = (copy: UNet3D, pass: number) => {
    expect(copy).not.toBe(policy);
    expect(copy.toArrays()).toEqual(weights);
    changed.push(pass);
  };
  const before = tf.memory().numTensors;
  const prepared = preparedAsItIs(disc());
  const input = { policy, reward: brightnessReward, prepared, inference, seed: 7, config: published };
  const result = segmentOptimised(input, { change });
  expect(tf.memory().numTensors).toBe(before);
  expect(changed).toEqual([1, 2, 3, 4]);
  expect(new Set(result.lowestRewards).size).toBe(1);
  expect(result.pass).toBe(0);
  policy.dispose();
});
