import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect } from 'vitest';
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { OptimisationSchema, PpoSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { OptimisationStep } from '../inference/optimisation-step.ts';
import { Adam } from '../networks/adam.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { withTensors } from '../networks/with-tensors.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { labelledWindowsOf, windowsOf } from '../windows/training-windows.ts';
import { FineTune } from './fine-tune.ts';

const random = randomStream(1, 'video');
const video: GreyVideo = {
  ...{ frames: 6, rows: 16, columns: 16, spacingMm: [1, 1], frameTimeMs: 40 },
  intensities: Float32Array.from({ length: 6 * 256 }, () => random.uniform()),
};
const labelled = labelledWindowsOf([
  { image: video, labels: { ...video, labels: Uint8Array.from(video.intensities, (level) => 3 * level) } },
]);

/** Pays for everything alike until the device fails. */
function failingAfter(calls: number): WindowReward {
  let left = calls;
  return {
    passes: 1,
    of: (_, actions) => {
      if (left-- === 0) throw new Error('out of memory');
      return tf.ones(actions.shape) as tf.Tensor4D;
    },
  };
}

const network = (name: string, changes = {}) =>
  UNet3D.initialise({ ...tinyUNet, ...changes }, randomStream(1, name));

function fineTune(objective: 'published' | 'group', reward: WindowReward, complete?: () => never): void {
  const [policy, reference] = [network('policy'), network('policy')];
  const critic = network('critic', { outputChannels: 1 });
  const material = { swept: labelled, source: labelled, spacingMm: 1, complete };
  const training = new FineTune({
    ...{ policy, reference, critic, reward, windows: windowsOf([video]) },
    group: { ...material, augmentation: AugmentationSchema.parse({}) },
    config: PpoSchema.parse({
      ...{ objective, windowsPerDraw: 2, changedViews: true, sourceWindows: 1, averageDecay: 0.9 },
      proposals: complete ? ['cleaned', 'completed'] : ['cleaned', 'swept'],
    }),
    ...{ iteration: 1, seed: 5, windowFrames: 4 },
  });
  try {
    for (let step = 0; step < 3; step++) training.step();
  } finally {
    for (const made of [training, policy, reference, critic]) made.dispose();
  }
}

describe('a step that fails on its way', () => {
  for (const [objective, calls] of [
    ['published', 0],
    ['published', 1],
    ['group', 0],
    ['group', 2],
    ['group', 4],
  ] as const)
    leakless(`leaves no tensors behind: ${objective} objective, call ${calls} of the reward`, () => {
      expect(() => fineTune(objective, failingAfter(calls))).toThrow('out of memory');
    });

  leakless('leaves no tensors behind, and the policy as it was: the rating of a candidate', () => {
    const windows = windowsOf([video]);
    const trained = (rated: object) => {
      const [policy, reference] = [network('policy'), network('policy')];
      const critic = network('critic', { outputChannels: 1 });
      const training = new FineTune({
        ...{ policy, reference, critic, reward: failingAfter(-1), windows, ...rated },
        config: PpoSchema.parse({ windowsPerEpoch: 1, averageDecay: 0.9, resultShare: 0.5 }),
        ...{ iteration: 1, seed: 5, windowFrames: 4 },
      });
      if ('validation' in rated) expect(() => training.step()).toThrow('out of memory');
      else training.step();
      const arrays = policy.toArrays();
      for (const made of [training, policy, reference, critic]) made.dispose();
      return arrays;
    };
    // Six frames are two windows: the policy as it came is rated, the first candidate is not.
    const failed = trained({ validation: { windows, reward: failingAfter(3) } });
    expect(failed).toEqual(trained({}));
  });

  leakless('leaves no tensors behind: a proposal that cannot be made', () => {
    const complete = () => {
      throw new Error('no shape');
    };
    expect(() => fineTune('group', failingAfter(9), complete)).toThrow('no shape');
  });

  leakless('leaves no tensors behind: test-time optimisation', () => {
    withTensors((keep) => {
      const [policy, reference] = [network('policy'), network('policy')];
      const optimiser = new Adam(policy.parameters, { learningRate: 1e-3 });
      const config = OptimisationSchema.parse({});
      const step = new OptimisationStep({ policy, reference, optimiser, reward: failingAfter(1), config });
      const chunk = keep(tf.ones([1, 4, 16, 16, 1]) as tf.Tensor5D);
      step.run(chunk, undefined, randomStream(1, 'first'));
      expect(() => step.run(chunk, undefined, randomStream(1, 'second'))).toThrow('out of memory');
      for (const made of [step, optimiser, policy, reference]) made.dispose();
    });
  });
});
