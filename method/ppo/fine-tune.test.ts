import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { afterEach, expect, it, vi } from 'vitest';
import { PpoSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { operationsOf } from '../../recorded/leakless.fixture.ts';
import { takeArrays } from '../networks/prefixed-arrays.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { windowsOf } from '../windows/training-windows.ts';
import { FineTune, type FineTuneOptions, type StepReport } from './fine-tune.ts';
import { defaultGuardLimits } from './guards.ts';
import { interpolateWeights } from './interpolation.ts';

const criticShape = { ...tinyUNet, outputChannels: 1 };
/** Deep enough to have a head between its coarsest levels and its finest one. */
const supervisedCriticShape: typeof tinyUNet = {
  ...criticShape,
  strides: [...tinyUNet.strides, [2, 2, 2], [1, 2, 2]],
  kernels: [...tinyUNet.kernels, [3, 3, 3], [1, 3, 3]],
  deepSupervision: true,
};

/** Bright discs on a dark ground, one per video, still. */
function discVideo(index: number, frames: number): GreyVideo {
  const random = randomStream(3, 'disc', index);
  const [rows, columns] = [16, 16];
  const intensities = Float32Array.from({ length: frames * rows * columns }, (_, i) => {
    const r = Math.floor(i / columns) % rows;
    const c = i % columns;
    const inside = Math.hypot(r - 7.5, c - 7.5) < 4 + (index % 3);
    return (inside ? 0.8 : 0.2) + 0.05 * random.uniform();
  });
  return { frames, rows, columns, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

/**
 * Pays for label 1 on bright pixels and for label 0 on dark ones; costs two forward passes as two reward networks do.
 */
const brightnessReward: WindowReward = {
  passes: 2,
  of: (image, actions) =>
    tf.tidy(() => {
      const wanted = tf.cast(tf.greater(tf.squeeze(image, [4]), 0.5), 'int32');
      return tf.cast(tf.equal(wanted, actions), 'float32') as tf.Tensor4D;
    }),
};

const disposables: { dispose(): void }[] = [];
afterEach(() => {
  for (const disposable of disposables.splice(0)) disposable.dispose();
});

function fineTune(
  changes: Partial<FineTuneOptions> = {},
  config: object = {},
  criticConfig = criticShape,
): FineTune {
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const reference = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const critic = UNet3D.initialise(criticConfig, randomStream(1, 'critic'));
  const training = new FineTune({
    policy,
    reference,
    critic,
    reward: brightnessReward,
    windows: windowsOf([discVideo(0, 9), discVideo(1, 6), discVideo(2, 3)]),
    config: PpoSchema.parse({ epochs: 3, windowsPerEpoch: 10, updatesPerWindow: 2, ...config }),
    iteration: 1,
    seed: 5,
    windowFrames: 4,
    ...changes,
  });
  disposables.push(policy, reference, critic, training);
  return training;
}

function run(training: FineTune, steps: number): StepReport[] {
  return Array.from({ length: steps }, () => training.step());
}

it('spends at most 28 forward passes on a window of four updates, with two reward networks', () => {
  expect(fineTune({}, { updatesPerWindow: 4 }).step().metrics.forwardEquivalents).toBe(28);
});

it('tells the reward what lies around each window of a draw', () => {
  const measures = {
    lvArea: new Float64Array(9),
    myoArea: new Float64Array(9),
    epiCenterX: new Float64Array(9),
    epiCenterY: new Float64Array(9),
  };
  const asked: number[] = [];
  const told: unknown[] = [];
  const training = fineTune(
    {
      windows: windowsOf([discVideo(0, 9)]),
      surroundingsOf: ({ startFrame }) => {
        asked.push(startFrame);
        return { measures, startFrame };
      },
      reward: {
        ...brightnessReward,
        of: (image, actions, surroundings) => {
          told.push(...surroundings!);
          return brightnessReward.of(image, actions);
        },
      },
    },
    { windowsPerDraw: 2 },
  );
  training.step();
  expect(asked).toHaveLength(2);
  expect(told).toEqual(asked.map((startFrame) => ({ measures, startFrame })));
});

it('raises the reward of its actions and keeps the epoch that validates best', () => {
  const training = fineTune(
    { validation: { windows: windowsOf([discVideo(4, 8)]), reward: brightnessReward } },
    { epochs: 2, windowsPerEpoch: 10, policyLearningRate: 1e-2, entropyCoefficient: 0.01 },
  );
  const reports: StepReport[] = [];
  while (!training.done) reports.push(training.step());
  const rewards = reports.map(({ metrics }) => metrics.meanReward);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(rewards.slice(-4))).toBeGreaterThan(mean(rewards.slice(0, 4)) + 0.2);
  const validations = reports.flatMap(({ validationReward }) => validationReward ?? []);
  expect(validations).toHaveLength(2);
  expect(training.progress.best?.validationReward).toBe(Math.max(...validations));
  for (const { metrics } of reports)
    for (const value of Object.values(metrics)) expect(value).toSatisfy(Number.isFinite);
});

it('ends where an uninterrupted run ends, byte for byte, after saving and resuming', () => {
  const validation = { windows: windowsOf([discVideo(4, 8)]), reward: brightnessReward };
  const whole = fineTune({ validation }, { windowsPerEpoch: 2 }, supervisedCriticShape);
  const wholeReports = run(whole, 6);
  const first = fineTune({ validation }, { windowsPerEpoch: 2 }, supervisedCriticShape);
  run(first, 3);
  const saved = structuredClone(first.state());
  const resumed = fineTune({ validation }, { windowsPerEpoch: 2 }, supervisedCriticShape);
  run(resumed, 1);
  resumed.restore(saved);
  expect(run(resumed, 3)).toEqual(wholeReports.slice(3));
  expect(resumed.progress).toEqual(whole.progress);
  const [a, b] = [whole.state().arrays, resumed.state().arrays];
  expect(Object.keys(b)).toEqual(Object.keys(a));
  expect(Object.keys(a).some((name) => name.startsWith('best/'))).toBe(true);
  for (const [name, { shape, data }] of Object.entries(a)) {
    expect(b[name]!.shape).toEqual(shape);
    expect(Buffer.from(b[name]!.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
  }
});

it('ends between start and trained policy where that is asked for, trains on regardless, and resumes', () => {
  const validation = { windows: windowsOf([discVideo(4, 8)]), reward: brightnessReward };
  const config = { epochs: 1, windowsPerEpoch: 3, policyLearningRate: 1e-2 };
  const start = structuredClone(fineTune({}, config).bestPolicy());
  const whole = fineTune({ validation }, config);
  const half = fineTune({ validation }, { ...config, resultShare: 0.5 });
  run(whole, 3);
  run(half, 2);
  const resumed = fineTune({ validation }, { ...config, resultShare: 0.5 });
  resumed.restore(structuredClone(half.state()));
  run(half, 1);
  run(resumed, 1);
  const trained = takeArrays('policy', whole.state().arrays);
  expect(takeArrays('policy', half.state().arrays)).toEqual(trained);
  expect(half.progress.best?.epoch).toBe(0);
  expect(half.bestPolicy()).toEqual(interpolateWeights(start, trained, 0.5));
  expect(resumed.bestPolicy()).toEqual(half.bestPolicy());
  expect(half.progress.best!.validationReward).not.toBe(whole.progress.best!.validationReward);
});

it('validates a policy that is its own candidate where it is, without loading it anew', () => {
  const validation = { windows: windowsOf([discVideo(4, 8)]), reward: brightnessReward };
  const loads = (resultShare: number): number => {
    const training = fineTune({ validation }, { epochs: 1, windowsPerEpoch: 1, resultShare });
    const assign = vi.spyOn(UNet3D.prototype, 'assign');
    training.step();
    const { length } = assign.mock.calls;
    assign.mockRestore();
    return length;
  };
  expect(loads(1)).toBe(0);
  // Before and after the step; the way back is on the device.
  expect(loads(0.5)).toBe(2);
});

it('counts its draws, and refuses one after the last', () => {
  const training = fineTune({}, { epochs: 2, windowsPerEpoch: 1, updatesPerWindow: 1 });
  expect(training.count).toEqual({ done: 0, total: 2 });
  run(training, 2);
  expect(training.count).toEqual({ done: 2, total: 2 });
  expect(() => training.step()).toThrow('no step left');
});

it('keeps less of a later iteration', () => {
  const config = { epochs: 1, windowsPerEpoch: 2, policyLearningRate: 1e-2, resultShare: 0.5 };
  const later = fineTune({ iteration: 2 }, config);
  const start = structuredClone(later.bestPolicy());
  run(later, 2);
  const trained = takeArrays('policy', later.state().arrays);
  expect(later.bestPolicy()).toEqual(interpolateWeights(start, trained, 0.25));
});

it('takes back a window whose reward is not a number, weights and moments, and goes on', () => {
  let broken = false;
  const sometimesNaN: WindowReward = {
    ...brightnessReward,
    of: (image, actions) =>
      tf.tidy(() => {
        const reward = brightnessReward.of(image, actions);
        return broken ? (tf.div(tf.zerosLike(reward), 0) as tf.Tensor4D) : reward;
      }),
  };
  const training = fineTune({ reward: sometimesNaN });
  training.step();
  const before = structuredClone(training.state().arrays);
  broken = true;
  expect(training.step().violation?.guard).toBe('notFinite');
  expect(training.state().arrays).toEqual(before);
  expect(training.progress).toMatchObject({ step: 2, rollbacks: 1, rollbacksInARow: 1 });
  broken = false;
  expect(training.step().violation).toBeUndefined();
  expect(training.progress).toMatchObject({ step: 3, rollbacks: 1, rollbacksInARow: 0 });
});

it('takes back windows that leave the reference too far behind and gives up after too many in a row', () => {
  const training = fineTune(
    { limits: { ...defaultGuardLimits, maxReferenceKl: 1e-9, maxRollbacksInARow: 3 } },
    { policyLearningRate: 0.1 },
  );
  const start = structuredClone(training.bestPolicy());
  expect(training.step().violation?.guard).toBe('divergence');
  expect(training.step().violation?.guard).toBe('divergence');
  expect(() => training.step()).toThrow(expect.objectContaining({ code: 'Diverged' }));
  expect(training.bestPolicy()).toEqual(start);
});

it('leaves no tensors behind, taken-back windows included', () => {
  const training = fineTune({
    limits: { ...defaultGuardLimits, maxReferenceKl: 1e-9, maxRollbacksInARow: 9 },
  });
  training.step();
  const before = tf.memory().numTensors;
  run(training, 2);
  training.restore(training.state());
  expect(tf.memory().numTensors).toBe(before);
});

it('runs a draw as a few calls and reads a handful of numbers of it, neither weights nor moments', () => {
  const training = fineTune({}, { updatesPerWindow: 3 });
  // A step runs as it is written at its calls 1, 2, 4, 8 ...; none of the fifth draw is one of these.
  run(training, 4);
  const read = vi.spyOn(tf.backend(), 'readSync');
  const operations = operationsOf(() => run(training, 1));
  const sizes = read.mock.results.map(({ value }) => (value as Float32Array).length);
  read.mockRestore();
  const calls = operations
    .filter((name) => name.startsWith('PPO'))
    .map((name) => name.replace(/_\d+ .*$/, ''));
  // The other five are what the reward of this test does.
  expect(operations).toHaveLength(calls.length + 5);
  expect(calls).toEqual([
    'PPO_rollout',
    'PPO_update',
    'PPO_update',
    'PPO_update',
    'PPO_last_look',
    'PPO_weights',
  ]);
  // Losses with gradient norms, where the policy stands, whether the weights are finite.
  expect(sizes).toEqual([10, 10, 10, 10, 1]);
});

/** How far the weights of a policy lie from the reference's, the largest difference of any. */
function distance(training: FineTune, start: ReturnType<FineTune['bestPolicy']>): number {
  const { arrays } = training.state();
  return Math.max(
    ...Object.entries(start).flatMap(([name, { data }]) => {
      const now = arrays[`policy/${name}`]!.data;
      return Array.from(data, (weight, i) => Math.abs(weight - now[i]!));
    }),
  );
}

it('lets the policy rate fall to zero over the iteration, and over the parts of one', () => {
  const config = { epochs: 1, windowsPerEpoch: 1, updatesPerWindow: 1, annealPolicyRate: true };
  const stepAt = (before: number, after: number) => {
    const training = fineTune({ before, after }, config);
    const start = training.bestPolicy();
    training.step();
    return distance(training, start);
  };
  const whole = stepAt(0, 3);
  expect(stepAt(2, 1) / whole).toBeCloseTo(0.5, 2);
  expect(stepAt(3, 0) / whole).toBeCloseTo(0.25, 2);
});

it('updates on several windows of a video together, as much work per window as on one', () => {
  const training = fineTune({}, { windowsPerDraw: 3, updatesPerWindow: 4 });
  expect(training.step().metrics.forwardEquivalents).toBe(28);
  expect(training.done).toBe(false);
});
