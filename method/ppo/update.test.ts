import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { WindowReward } from '../rewards/reward.ts';
import type { CriticLossMetrics } from './critic-loss.ts';
import { defaultGuardLimits } from './guards.ts';
import { Learners } from './learners.ts';
import type { PolicyLossMetrics, PolicyShift } from './loss.ts';
import type { WindowUpdate } from './policy-update.ts';
import { PpoUpdate, type UpdateMetrics } from './update.ts';

/** Pays where the action is the label that a pixel's grey level asks for. */
const brightnessReward: WindowReward = {
  passes: 0,
  of: (image, actions) =>
    tf.tidy(() => {
      const wanted = tf.cast(tf.greater(tf.squeeze(image, [4]), 0.5), 'int32');
      return tf.cast(tf.equal(wanted, actions), 'float32') as tf.Tensor4D;
    }),
};

type Policy = keyof PolicyLossMetrics;
type Critic = keyof CriticLossMetrics;
type Shift = keyof PolicyShift;

interface Outcome extends WindowUpdate<UpdateMetrics> {
  readonly policy: NamedArrays;
  readonly critic: NamedArrays;
}

/** Two windows of four updates each on new networks, always the same ones; the last window's report. */
function updateTwice(policyLearningRate: number, criticOnly: boolean): Outcome {
  const networks = {
    policy: UNet3D.initialise(tinyUNet, randomStream(1, 'policy')),
    reference: UNet3D.initialise(tinyUNet, randomStream(2, 'reference')),
    critic: UNet3D.initialise({ ...tinyUNet, outputChannels: 1 }, randomStream(1, 'critic')),
  };
  const { policy, reference, critic } = networks;
  const learners = new Learners(policy, critic, { policyLearningRate, criticLearningRate: 5e-3 });
  const step = new PpoUpdate({
    learners: { policy, policyOptimiser: learners.policyOptimiser, ...learners.withCritic },
    reference,
    reward: brightnessReward,
    config: { updatesPerWindow: 4, clipRange: 0.2, gradientNorm: 0.5 },
    limits: { ...defaultGuardLimits, maxReferenceKl: Number.POSITIVE_INFINITY },
  });
  const update = (index: number): WindowUpdate<UpdateMetrics> => {
    const random = randomStream(3, 'window', index);
    const window = tf.tensor5d(
      Float32Array.from({ length: 4 * 16 * 16 }, () => random.uniform()),
      [1, 4, 16, 16, 1],
    );
    const coefficients = { entropyCoefficient: 0.1, divergenceCoefficient: 0.05 };
    const result = step.run({ window, coefficients, criticOnly });
    window.dispose();
    return result;
  };
  update(0);
  const last = update(1);
  const after = { policy: policy.toArrays(), critic: critic.toArrays() };
  for (const made of [...Object.values(networks), learners, step]) made.dispose();
  return { ...last, ...after };
}

it('trains the critic alone to the weights that it has beside a policy which stands still', () => {
  const alone = updateTwice(1e-2, true);
  const beside = updateTwice(0, false);
  expect(alone.critic).toEqual(beside.critic);
  expect(alone.policy).toEqual(beside.policy);
  expect(alone.critic).not.toEqual(updateTwice(1e-2, false).critic);
  const { policyGradientNorm, forwardEquivalents, ...metrics } = alone.metrics;
  expect(beside.metrics).toMatchObject(metrics);
  expect(policyGradientNorm).toBe(0);
  expect(alone.violation).toBeUndefined();
});

it('names every number once, so that none hides another', () => {
  // Compiles only where no two parts of the metrics share a name.
  const shared: (Policy & Critic) | (Policy & Shift) | (Critic & Shift) extends never ? 'none' : 'some' =
    'none';
  expect(shared).toBe('none');
  // The loss is that of the last update's entropy, not of the entropy after it.
  const { policyLoss, surrogate, lossEntropy, entropy } = updateTwice(1e-2, false).metrics;
  expect(-(surrogate + 0.1 * lossEntropy)).toBeCloseTo(policyLoss, 6);
  expect(lossEntropy).not.toBeCloseTo(entropy, 4);
});

it('runs the policy once in a window that trains the critic alone', () => {
  // Rollout and reference 1 each, and forward and backward of the critic at each of four updates.
  expect(updateTwice(1e-2, true).metrics.forwardEquivalents).toBe(2 + 4 * 3);
});

it('leaves no tensors behind, whichever networks it trains', () => {
  const before = tf.memory().numTensors;
  updateTwice(1e-2, true);
  updateTwice(1e-2, false);
  expect(tf.memory().numTensors).toBe(before);
});
