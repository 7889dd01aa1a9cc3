import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { OptimisationSchema, PreprocessingSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { twoLevelUNet } from '../../method/networks/two-level-unet.fixture.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { inferences } from './inference.ts';
import { scoreOptimised } from './optimised.ts';
import type { TestCase } from './scored-video.ts';

it('scores the optimisation of every video beside noise, the same way each time, and leaves the policy alone', () => {
  const random = randomStream(4, 'video');
  const size = { frames: 5, rows: 15, columns: 14 };
  const intensities = Float32Array.from({ length: 5 * 15 * 14 }, () => random.uniform());
  const image = { ...size, spacingMm: [1, 1] as const, frameTimeMs: 40, intensities };
  const one: TestCase = { id: 'v', patient: 'p', image, reference: undefined };
  const policy = twoLevelUNet(1, 1, 3);
  const weights = structuredClone(policy.toArrays());
  const reward = new Reward([{ kind: 'anatomical-reward', network: twoLevelUNet(2, 2, 1), temperature: 2 }]);
  const model = {
    policy,
    reward,
    preprocessing: PreprocessingSchema.parse({ spacingMm: 1, multiple: 8, clahe: { enabled: false } }),
    inference: inferences.plain,
    optimisation: OptimisationSchema.parse({ passes: 2, augmentationsPerChunk: 1 }),
  };
  const first = scoreOptimised(model, [one]);
  const before = tf.memory().numTensors;
  expect(scoreOptimised(model, [one])).toEqual(first);
  expect(tf.memory().numTensors).toBe(before);
  expect(policy.toArrays()).toEqual(weights);
  expect(first.effect).toEqual({ videos: 1, invalidBefore: 1, repaired: 0, repairedByNoise: 0 });
  for (const [video] of [first.optimised, first.perturbed])
    expect(video).toMatchObject({ id: 'v', patient: 'p', measures: { anatomicallyValid: 0 } });
  policy.dispose();
  reward.dispose();
});
