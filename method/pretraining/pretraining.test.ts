import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { afterEach, expect, it } from 'vitest';
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { PretrainingSchema } from '../../contracts/run-config.ts';
import { UNKNOWN } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { nativeBackend } from '../../recorded/leakless.fixture.ts';
import { everything } from '../augmentation/augmentation.fixture.ts';
import { addGreyNoise, drawGreyNoise } from '../augmentation/grey-noise.ts';
import { drawSeed, standardNormal } from '../networks/kernels/noise.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import {
  drawLabelledWindow,
  drawWindow,
  imageWindow,
  labelledWindowsOf,
  labelWindow,
  spreadOver,
  windowsOf,
} from '../windows/training-windows.ts';
import { Pretraining, type StepsOfWorker } from './pretraining.ts';
import { learningRateAt } from './schedule.ts';

/** A bright cavity in a grey ring. */
function clip(frames: number): { image: GreyVideo; labels: LabelVideo } {
  const [rows, columns] = [16, 16];
  const geometry = { frames, rows, columns, spacingMm: [1, 1] as const, frameTimeMs: 40 };
  const labels = Uint8Array.from({ length: frames * 256 }, (_, i) => {
    const distance = Math.hypot((Math.floor(i / 16) % 16) - 7.5, (i % 16) - 7.5);
    return distance < 3 ? 1 : distance < 6 ? 2 : 0;
  });
  const grey = [0.1, 0.9, 0.5];
  return {
    image: { ...geometry, intensities: Float32Array.from(labels, (label) => grey[label]!) },
    labels: { ...geometry, labels },
  };
}

const disposables: { dispose(): void }[] = [];
afterEach(() => {
  for (const disposable of disposables.splice(0)) disposable.dispose();
});

const published = { augmentation: AugmentationSchema.parse({}), spacingMm: 1, windowFrames: 4 };

function pretraining(
  config: object,
  augmentation = published.augmentation,
  part?: StepsOfWorker,
): { training: Pretraining; policy: UNet3D } {
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const windows = labelledWindowsOf([clip(6), clip(3)]);
  const training = new Pretraining({
    policy,
    windows,
    config: PretrainingSchema.parse(config),
    seed: 3,
    ...published,
    augmentation,
    ...(part && { part }),
  });
  disposables.push(policy, training);
  return { training, policy };
}

it('learns a clip by heart', () => {
  const { training, policy } = pretraining({ steps: 60, learningRate: 2e-2 });
  let last = 0;
  while (!training.done) last = training.step().measures.loss;
  expect(last).toBeLessThan(0.4);
  expect(wrongPixels(policy)).toBeLessThan(0.05);
});

/** Share of the pixels of the clip that the policy gets wrong. */
function wrongPixels(policy: UNet3D): number {
  const { image, labels } = clip(4);
  return tf.tidy(() => {
    const logits = policy.forward(tf.tensor5d(image.intensities, [1, 4, 16, 16, 1]));
    const truth = tf.tensor4d(Int32Array.from(labels.labels), [1, 4, 16, 16], 'int32');
    return tf.mean(tf.cast(tf.notEqual(tf.argMax(logits, -1), truth), 'float32')).dataSync()[0]!;
  });
}

it.each([
  ['as published', {}, published.augmentation],
  ['with everything that can be set', { warmupSteps: 2, windowsPerStep: 2, averageDecay: 0.9 }, everything],
])(
  'ends where an uninterrupted run ends, byte for byte, after saving and resuming, %s',
  (_, settings, changes) => {
    const begun = () => pretraining({ steps: 6, ...settings }, changes).training;
    const whole = begun();
    const losses = Array.from({ length: 6 }, () => whole.step());
    const first = begun();
    for (let i = 0; i < 3; i++) first.step();
    const resumed = begun();
    resumed.restore(structuredClone(first.state()));
    expect(Array.from({ length: 3 }, () => resumed.step())).toEqual(losses.slice(3));
    expect(resumed.done).toBe(true);
    expect(resumed.count).toEqual({ done: 6, total: 6 });
    expect(() => resumed.step()).toThrow('no step left');
    const arrays = resumed.state().arrays;
    for (const [name, { data }] of Object.entries(whole.state().arrays)) {
      expect(Buffer.from(arrays[name]!.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    }
  },
);

it('refuses the state of another training and diverges plainly', () => {
  const { training } = pretraining({ steps: 6 });
  expect(() => training.restore({ arrays: {}, progress: { step: 1 } })).toThrow(
    expect.objectContaining({ code: 'CheckpointIncompatible' }),
  );
  const windows = labelledWindowsOf([clip(6)]);
  const broken = { ...windows, window: () => new Float32Array(4 * 256).fill(Number.NaN) };
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const diverging = new Pretraining({
    policy,
    windows: broken,
    config: PretrainingSchema.parse({}),
    seed: 1,
    ...published,
  });
  disposables.push(policy, diverging);
  expect(() => diverging.step()).toThrow(expect.objectContaining({ code: 'Diverged' }));
});

it('makes the average of the weights after every step its policy', () => {
  const plain = pretraining({ steps: 5 });
  const weights: Float32Array[] = [];
  const first = Object.keys(plain.policy.toArrays())[0]!;
  const now = ({ policy }: typeof plain) => policy.toArrays()[first]!.data;
  let expected = now(plain).slice();
  for (let step = 0; step < 5; step++) {
    plain.training.step();
    weights.push(now(plain));
    const decay = Math.min(0.4, (1 + step) / (10 + step));
    expected = expected.map((value, i) => decay * value + (1 - decay) * weights[step]![i]!);
  }
  const averaged = pretraining({ steps: 5, averageDecay: 0.4 });
  for (let step = 0; step < 4; step++) averaged.training.step();
  expect(now(averaged)).toEqual(weights[3]);
  averaged.training.step();
  now(averaged).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
  expect(now(averaged)).not.toEqual(weights[4]);
});

it('follows the mean gradient of several windows a step', () => {
  const { training } = pretraining({ steps: 60, learningRate: 2e-2, windowsPerStep: 2 });
  let last = 0;
  while (!training.done) last = training.step().measures.loss;
  expect(last).toBeLessThan(0.4);
});

it('is, in parts of one worker one after the other, the training in one go', () => {
  const settings = { steps: 6, warmupSteps: 1, windowsPerStep: 2 };
  const whole = pretraining(settings, everything).training;
  const expected = Array.from({ length: 6 }, () => whole.step());
  const alone = { worker: 0, workers: 1 };
  const part = (before: number) => ({ ...alone, before, after: 3 - before });
  const [first, second] = [0, 3].map(
    (before) => pretraining({ ...settings, steps: 3 }, everything, part(before)).training,
  );
  const steps = Array.from({ length: 3 }, () => first!.step());
  second!.restore({ ...first!.state(), progress: { step: 0 } });
  expect([...steps, ...Array.from({ length: 3 }, () => second!.step())]).toEqual(expected);
  expect(second!.state().arrays).toEqual(whole.state().arrays);
});

it('draws other windows and noise for every worker and round', () => {
  const losses = [0, 1].flatMap((worker) =>
    [0, 1].map((before) => {
      const part = { worker, workers: 2, before, after: 1 - before };
      return pretraining({ steps: 1 }, everything, part).training.step().measures.loss;
    }),
  );
  expect(new Set(losses).size).toBe(4);
});

it('lets the rate rise in a straight line and fall to zero as nnU-Net does', () => {
  const config = PretrainingSchema.parse({ steps: 100, warmupSteps: 3, learningRate: 0.4 });
  const rates = [0, 1, 2, 3, 99].map((step) => learningRateAt(config, step));
  [0.1, 0.2, 0.3, 0.4, 0.4 * (1 / 97) ** 0.9].forEach((rate, i) => {
    expect(rates[i]).toBeCloseTo(rate, 9);
  });
});

it.each([
  ['as published', {}, published.augmentation],
  ['with everything that can be set', { windowsPerStep: 2, averageDecay: 0.9 }, everything],
])('leaves no tensors behind, %s', (_, settings, changes) => {
  const { training } = pretraining({ steps: 6, ...settings }, changes);
  training.step();
  const before = tf.memory().numTensors;
  training.step();
  expect(tf.memory().numTensors).toBe(before);
});

it.each([1, 2])('reads its numbers back once a step, with %i windows', (windowsPerStep) => {
  const { training } = pretraining({ steps: 6, windowsPerStep });
  const backend = nativeBackend();
  const { readSync } = backend;
  let reads = 0;
  backend.readSync = (dataId) => {
    reads++;
    return readSync.call(backend, dataId);
  };
  try {
    for (let step = 1; step <= 4; step++) {
      training.step();
      expect(reads).toBe(step);
    }
  } finally {
    backend.readSync = readSync;
  }
});

it('adds noise within [0, 1], the same way for the same stream', () => {
  tf.tidy(() => {
    const image = tf.tensor5d(clip(4).image.intensities, [1, 4, 16, 16, 1]);
    const changed = () => {
      const random = randomStream(1, 'a');
      const { contrast, gain, deviation } = drawGreyNoise(published.augmentation.greyLevels, random);
      const noise = { contrast: tf.scalar(contrast), gain: tf.scalar(gain), deviation: tf.scalar(deviation) };
      return addGreyNoise(image, standardNormal<tf.Rank.R5>(image.shape, drawSeed(random)), noise).dataSync();
    };
    const [a, b] = [changed(), changed()];
    expect(a).toEqual(b);
    expect(a).not.toEqual(image.dataSync());
    expect(a.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

it('reads image and labels of one place and continues short videos by reflection', () => {
  const { image, labels } = clip(3);
  for (let i = 0; i < image.intensities.length; i++) image.intensities[i] = Math.floor(i / 256) / 10;
  const windows = labelledWindowsOf([{ image, labels }]);
  expect(drawWindow(windows, 4, randomStream(1, 'x'))).toEqual({ video: 0, startFrame: 0 });
  tf.tidy(() => {
    const place = { video: 0, startFrame: 0 };
    const frames = tf.mean(imageWindow(windows, place, 4), [0, 2, 3, 4]).dataSync();
    expect([...frames].map((value) => Math.round(value * 10))).toEqual([0, 1, 2, 1]);
    expect(labelWindow(windows, place, 4).shape).toEqual([1, 4, 16, 16]);
  });
  expect(() => drawWindow(windowsOf([]), 4, randomStream(1, 'x'))).toThrow(/holds none/);
});

it('draws every start of a video', () => {
  const windows = windowsOf([clip(6).image]);
  const random = randomStream(1, 'starts');
  const starts = new Set(Array.from({ length: 60 }, () => drawWindow(windows, 4, random).startFrame));
  expect([...starts].sort()).toEqual([0, 1, 2]);
});

it('draws windows of partly annotated videos where something is annotated, and the usual ones of others', () => {
  const { image, labels } = clip(12);
  const partly = { ...labels, annotatedFrames: [3, 9] };
  const windows = labelledWindowsOf([{ image, labels: partly }]);
  expect(windows.annotatedFrames(0)).toEqual([3, 9]);
  const known = [...windows.labels(0, 2, 2)].map((label) => label !== UNKNOWN);
  expect(known).toEqual(Array.from({ length: 512 }, (_, i) => i >= 256));
  const random = randomStream(1, 'starts');
  const starts = new Set(
    Array.from({ length: 200 }, () => drawLabelledWindow(windows, 2, random).startFrame),
  );
  expect([...starts].sort()).toEqual([2, 3, 8, 9]);
  const whole = labelledWindowsOf([clip(12), clip(3)]);
  expect(whole.annotatedFrames(0)).toBeUndefined();
  for (let i = 0; i < 20; i++) {
    expect(drawLabelledWindow(whole, 4, randomStream(i, 'x'))).toEqual(
      drawWindow(whole, 4, randomStream(i, 'x')),
    );
  }
});

it('learns a clip of which two frames are annotated, whatever stands in the others', () => {
  const { image, labels } = clip(6);
  const partly = { ...labels, annotatedFrames: [1, 4] };
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const training = new Pretraining({
    policy,
    windows: labelledWindowsOf([{ image, labels: partly }]),
    config: PretrainingSchema.parse({ steps: 150, learningRate: 2e-2 }),
    seed: 3,
    ...published,
    augmentation: AugmentationSchema.parse({ geometry: { shiftMm: 2 } }),
  });
  disposables.push(policy, training);
  while (!training.done) training.step();
  expect(wrongPixels(policy)).toBeLessThan(0.05);
});

it('spreads windows evenly over a video and round its end, none of them twice', () => {
  const windows = windowsOf([still(15), still(5)]);
  const starts = (video: number, startFrame: number, count: number) =>
    spreadOver(windows, { video, startFrame }, count, 4).map((place) => place.startFrame);
  expect(starts(0, 7, 3)).toEqual([7, 11, 3]);
  expect(starts(0, 7, 1)).toEqual([7]);
  expect(starts(1, 1, 3)).toEqual([1, 0]);
});

function still(frames: number): GreyVideo {
  return {
    frames,
    rows: 1,
    columns: 1,
    spacingMm: [1, 1],
    frameTimeMs: 40,
    intensities: new Float32Array(frames),
  };
}

it('leaves no tensors behind where a window of a step cannot be had', () => {
  const known = labelledWindowsOf([clip(6)]);
  let asked = 0;
  const windows = {
    ...known,
    labels: (...place: Parameters<typeof known.labels>) => {
      if (asked++ === 1) throw new Error('not fetched');
      return known.labels(...place);
    },
  };
  const policy = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
  const config = PretrainingSchema.parse({ steps: 2, windowsPerStep: 2 });
  const training = new Pretraining({ policy, windows, config, seed: 3, ...published });
  disposables.push(policy, training);
  const before = tf.memory().numTensors;
  expect(() => training.step()).toThrow('not fetched');
  expect(tf.memory().numTensors).toBe(before);
});
