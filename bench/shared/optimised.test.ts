import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { LinearShapesSchema, OptimisationSchema, PreprocessingSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { twoLevelUNet } from '../../method/networks/two-level-unet.fixture.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { fitLinearShapes } from '../../method/shapes/linear-shapes.ts';
import { inferences } from './inference.ts';
import { scoreOptimised } from './optimised.ts';
import type { TestCase } from './scored-video.ts';

const random = randomStream(4, 'video');
const size = { frames: 5, rows: 15, columns: 14 };
const intensities = Float32Array.from({ length: 5 * 15 * 14 }, () => random.uniform());
const image = { ...size, spacingMm: [1, 1] as const, frameTimeMs: 40, intensities };
const one: TestCase = { id: 'v', patient: 'p', image, reference: undefined };

function untrained(seed: number) {
  const reward = new Reward([{ kind: 'anatomical-reward', network: twoLevelUNet(2, 2, 1), temperature: 2 }]);
  return {
    policy: twoLevelUNet(seed, 1, 3),
    reward,
    preprocessing: PreprocessingSchema.parse({ spacingMm: 1, multiple: 8, clahe: { enabled: false } }),
    inference: inferences.plain,
    optimisation: OptimisationSchema.parse({ passes: 2, augmentationsPerChunk: 1 }),
  };
}

it('scores the optimisation of every video beside noise, the same way each time, and leaves the policy alone', () => {
  const model = untrained(1);
  const { policy, reward } = model;
  const weights = structuredClone(policy.toArrays());
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

it('completes by shapes where the inference does, so that nothing is left to repair', () => {
  const hearts = [0, 2, 4, 6].map((index) => generatePhantom({ domain: 'source', seed: 1, index }).labels);
  const shapes = fitLinearShapes(hearts, LinearShapesSchema.parse({ side: 32 }), randomStream(1, 'shapes'));
  const { completion, ...full } = inferences['full by shapes'];
  // What an untrained policy sees, here of two classes, is nothing like a heart, which would be left.
  const inference = { ...full, completion: { ...completion, leaveBelow: 0 } };
  const untouched = untrained(3);
  const preprocessing = { ...untouched.preprocessing, spacingMm: 3 };
  const model = { ...untouched, preprocessing, inference, shapes };
  const { image: whole } = generatePhantom({ domain: 'source', seed: 1, index: 0 });
  const intensities = whole.intensities.subarray(0, 3 * whole.rows * whole.columns);
  const cases = [{ ...one, image: { ...whole, frames: 3, intensities } }];
  expect(scoreOptimised(model, cases).effect).toMatchObject({ invalidBefore: 0 });
  expect(scoreOptimised({ ...model, shapes: undefined }, cases).effect).toMatchObject({ invalidBefore: 1 });
  model.policy.dispose();
  model.reward.dispose();
});
