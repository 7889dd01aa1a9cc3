/** The networks and the window of frames that benchmarks of the network run, one set for each size. */
import * as tf from '@tensorflow/tfjs-core';
import { UNetShapeSchema } from '../../contracts/network-shape.ts';
import { presets } from '../../contracts/presets.ts';
import { PpoSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { Adam } from '../../method/networks/adam.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { networkPass, TrainingStep } from '../../method/networks/training-step.ts';
import { UNet3D, type UNetConfig } from '../../method/networks/unet3d.ts';
import { defaultGuardLimits } from '../../method/ppo/guards.ts';
import { Learners } from '../../method/ppo/learners.ts';
import { coefficientsAt } from '../../method/ppo/schedules.ts';
import { PpoUpdate } from '../../method/ppo/update.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';

/** The networks of the presets of these names. */
export const benchSizes = ['tiny', 'small', 'paper'] as const;
export type BenchSize = (typeof benchSizes)[number];

const grids: Readonly<Record<BenchSize, readonly [number, number, number]>> = {
  tiny: [4, 96, 96],
  small: [4, 160, 160],
  paper: [4, 512, 448],
};

/** Frames, rows, columns. */
export function gridOf(size: BenchSize): readonly [number, number, number] {
  return grids[size];
}

function shapeOf(size: BenchSize) {
  return UNetShapeSchema.parse(presets[size].network ?? {});
}

/** A policy network, or another where `config` says so. */
export function benchNetwork(size: BenchSize, config: Partial<UNetConfig>, seed: number): UNet3D {
  return UNet3D.initialise(
    { ...shapeOf(size), inputChannels: 1, outputChannels: 3, deepSupervision: false, ...config },
    randomStream(seed, 'bench', size),
  );
}

/** [1, time, row, column, 1] of noise. */
export function benchWindow(size: BenchSize): tf.Tensor5D {
  return tf.randomUniform([1, ...gridOf(size), 1], 0, 1, 'float32', 0);
}

/** A step of supervised training on a window, so slow that weights stay where they are. */
export function supervisedStep(size: BenchSize): { run: () => void; dispose: () => void } {
  const network = benchNetwork(size, {}, 0);
  const window = benchWindow(size);
  const labels = tf.tidy(() => tf.cast(tf.mul(tf.squeeze(window, [4]), 3), 'int32') as tf.Tensor4D);
  const optimiser = new Adam(network.parameters, { learningRate: 1e-7 });
  const step = new TrainingStep({
    name: 'supervised step',
    optimiser,
    gradientNorm: 1,
    pass: (x: tf.Tensor5D, truth: tf.Tensor4D) =>
      networkPass(network, x, ([logits]) => {
        const { loss, gradient } = supervisedLoss(logits!, truth);
        return { loss, gradients: [gradient] };
      }),
  });
  return {
    run: () => {
      step.run(window, labels);
    },
    dispose: () => {
      for (const one of [step, optimiser, network]) one.dispose();
      tf.dispose([window, labels]);
    },
  };
}

/** The PPO update of a window: policy, reference, critic with deep supervision and one reward network. */
export function ppoWindow(size: BenchSize): { update: () => void; dispose: () => void } {
  const config = PpoSchema.parse({ ...presets[size].ppo, updatesPerWindow: 4 });
  const policy = benchNetwork(size, {}, 0);
  const reference = benchNetwork(size, {}, 0);
  const critic = benchNetwork(size, { outputChannels: 1, deepSupervision: true }, 1);
  const reward = new Reward([
    {
      kind: 'anatomical-reward',
      network: benchNetwork(size, rewardNetworkConfig(shapeOf(size)), 2),
      temperature: 1,
    },
  ]);
  const windowReward = reward.ofWindows({
    scaling: 'per-frame',
    temporalPenalty: config.temporalPenalty ? { spacingMm: 0.37 } : undefined,
  });
  // So slow that noise does not drive the networks to where an update stops early.
  const learningRate = 1e-7;
  const learners = new Learners(policy, critic, {
    policyLearningRate: learningRate,
    criticLearningRate: learningRate,
  });
  const step = new PpoUpdate({
    learners: { policy, policyOptimiser: learners.policyOptimiser, ...learners.withCritic },
    reference,
    reward: windowReward,
    config,
    limits: defaultGuardLimits,
  });
  const window = benchWindow(size);
  return {
    update: () => {
      step.run({ window, coefficients: coefficientsAt(config, 1) });
    },
    dispose: () => {
      for (const one of [step, learners, policy, reference, critic, reward]) one.dispose();
      window.dispose();
    },
  };
}
