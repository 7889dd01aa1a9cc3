import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { randomStream } from '../../imaging/random.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { RewardOf } from '../ppo/reward-map.ts';
import { predictVideo } from './predict-video.ts';
import { defaultOptimisation, predictOptimisedVideo } from './test-time-optimisation.ts';

const inference = InferenceSchema.parse({});
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

function disc(): GreyVideo {
  const intensities = Float32Array.from({ length: 6 * 256 }, (_, i) =>
    Math.hypot((Math.floor(i / 16) % 16) - 7.5, (i % 16) - 7.5) < 5 ? 0.8 : 0.2,
  );
  return { frames: 6, rows: 16, columns: 16, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

const brightnessReward: RewardOf = (image, actions) =>
  tf.tidy(() => {
    const wanted = tf.cast(tf.greater(tf.squeeze(image, [4]), 0.5), 'int32');
    return tf.cast(tf.equal(wanted, actions), 'float32') as tf.Tensor4D;
  });

it('raises the reward of the worst frame on an invalid video, the same way each time, and leaves the shared policy alone', () => {
  const policy = policyOf(1);
  const input = {
    policy,
    rewardOf: brightnessReward,
    video: disc(),
    inference,
    seed: 7,
    config: { ...defaultOptimisation, learningRate: 1e-2 },
  };
  const weights = structuredClone(policy.toArrays());
  const before = tf.memory().numTensors;
  const result = predictOptimisedVideo(input);
  expect(tf.memory().numTensors).toBe(before);
  expect(policy.toArrays()).toEqual(weights);
  expect(result.lowestRewards).toHaveLength(5);
  expect(result.pass).toBeGreaterThan(0);
  expect(result.lowestRewards[result.pass]).toBe(Math.max(...result.lowestRewards));
  expect(predictOptimisedVideo(input)).toEqual(result);
  policy.dispose();
});

it('keeps the first prediction when no pass does better', () => {
  const policy = policyOf(2);
  const video = disc();
  const nothingHelps: RewardOf = (_image, actions) => tf.fill(actions.shape, 0.5);
  const result = predictOptimisedVideo({ policy, rewardOf: nothingHelps, video, inference, seed: 1 });
  expect(result.pass).toBe(0);
  expect(result.labels).toEqual(predictVideo(policy, video, inference).labels);
  policy.dispose();
});
