import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { PreprocessingSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { labelledWindowsOf } from '../../method/windows/training-windows.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { ringClip, ringWindows } from '../rings.fixture.ts';
import { deeplySupervisedLoss, labelPyramid, outputWeights } from './deep-supervision.ts';
import { changeGreyLevels } from './grey-levels.ts';
import { segmentByNnUNet } from './nnunet-predictor.ts';
import { NnUNetTraining } from './nnunet-training.ts';
import { drawPatch, isOnForeground, zScored } from './patches.ts';
import { type NnUNetPlan, planOf } from './plan.ts';
import { Sgd } from './sgd.ts';

const plan: NnUNetPlan = planOf(
  { spacings: Array(4).fill([1, 1, 1]), shapes: Array(4).fill([6, 16, 16]) },
  { configuration: '3d_fullres', memoryGb: 8, baseFilters: 4, classes: 3 },
);

function networkOf({ strides, kernels, filters }: NnUNetPlan): UNet3D {
  return UNet3D.initialise(
    {
      baseFilters: filters[0]!,
      maxFilters: Math.max(...filters),
      strides: strides as [number, number, number][],
      kernels: kernels as [number, number, number][],
      inputChannels: 1,
      outputChannels: 3,
      deepSupervision: true,
      variant: 'nnunet',
    },
    randomStream(1, 'test'),
  );
}

describe('patches', () => {
  const windows = ringWindows('source', 4, 1);

  it('are z-scored, of the size of the plan, and on a structure where they are to be', () => {
    const values = zScored(new Float32Array([1, 2, 3, 6]));
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect(values.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 6);
    expect([0, 1].map((place) => isOnForeground(place, 2))).toEqual([false, true]);
    expect([0, 1, 2, 3].map((place) => isOnForeground(place, 4))).toEqual([false, false, false, true]);
    const small = { ...plan, patch: [2, 4, 4] };
    const middles = Array.from({ length: 40 }, (_, i) => {
      const patch = drawPatch(
        windows,
        small,
        { onForeground: true, mirroring: true },
        randomStream(1, 'patch', i),
      );
      expect(patch.image).toHaveLength(32);
      return patch.labels.some((label) => label > 0);
    });
    expect(middles.filter(Boolean).length).toBe(40);
  });

  /** A clip of different grey levels that has a structure in its middle alone. */
  function rampClip(levelOf: (t: number, r: number, c: number) => number) {
    const geometry = { frames: 12, rows: 12, columns: 12, spacingMm: [1, 1] as const, frameTimeMs: 40 };
    const places = Array.from({ length: 1728 }, (_, i) => [i / 144, (i / 12) % 12, i % 12].map(Math.floor));
    const intensities = Float32Array.from(places, ([t, r, c]) => levelOf(t!, r!, c!));
    const labels = Uint8Array.from(places, (place) => Number(place.every((at) => at >= 5 && at < 7)));
    return { image: { ...geometry, intensities }, labels: { ...geometry, labels } };
  }

  it('are cut out of the video, not interpolated, where they are neither turned nor scaled', () => {
    const { image, labels } = rampClip((t, r, c) => (144 * t + 12 * r + c) / 1728);
    const levels = zScored(image.intensities);
    const labelOf = new Map([...levels].map((level, i) => [level, labels.labels[i]!]));
    let cut = 0;
    for (let i = 0; i < 100; i++) {
      const found = drawPatch(
        labelledWindowsOf([{ image, labels }]),
        { ...plan, patch: [2, 4, 4] },
        { onForeground: true, mirroring: true },
        randomStream(3, 'patch', i),
      );
      if (!found.image.every((level) => labelOf.has(level))) continue;
      cut++;
      expect([...found.labels]).toEqual([...found.image].map((level) => labelOf.get(level)));
    }
    // Four in five are not turned, and four in five not scaled.
    expect(cut / 100).toBeCloseTo(0.64, 1);
  });

  it('are scaled as nnU-Net scales: from 0.7 to 1.4 times the distances, each as likely', () => {
    const { image, labels } = rampClip((_, __, column) => column);
    const step = zScored(image.intensities)[1]! - zScored(image.intensities)[0]!;
    const scales = Array.from({ length: 1000 }, (_, i) => {
      const { image: found } = drawPatch(
        labelledWindowsOf([{ image, labels }]),
        { ...plan, patch: [2, 2, 2], dummy2d: false },
        { onForeground: true, mirroring: false },
        randomStream(4, 'patch', i),
      );
      const slopes = [4, 2, 1].map((next) => found[next]! - found[0]!);
      return Math.hypot(...slopes) / step;
    }).filter((scale) => Math.abs(scale - 1) > 1e-3);
    expect(scales.length / 1000).toBeCloseTo(0.2, 1);
    expect([Math.min(...scales), Math.max(...scales)]).toEqual([
      expect.closeTo(0.7, 1),
      expect.closeTo(1.4, 1),
    ]);
    expect(scales.reduce((sum, scale) => sum + scale, 0) / scales.length).toBeGreaterThan(1.02);
  });

  it('are the same for the same random stream, changes of grey levels included', () => {
    const draw = () => {
      const random = randomStream(2, 'patch');
      const { image, labels } = drawPatch(windows, plan, { onForeground: false, mirroring: true }, random);
      return {
        labels,
        image: changeGreyLevels({ size: plan.patch as never, image, flat: plan.dummy2d }, random),
      };
    };
    expect(draw()).toEqual(draw());
  });
});

describe('changes of grey levels', () => {
  const changed = (image: Float32Array, size: [number, number, number], flat = false) =>
    Array.from({ length: 400 }, (_, i) =>
      changeGreyLevels({ size, image, flat }, randomStream(5, 'grey', i)),
    );

  it('make noise of a standard deviation of up to 0.1, as nnU-Net does and does not say', () => {
    const deviations = changed(new Float32Array(1000), [10, 10, 10]).map((image) =>
      Math.sqrt(image.reduce((sum, value) => sum + value ** 2, 0) / image.length),
    );
    expect(Math.max(...deviations)).toBeGreaterThan(0.07);
    // Brightness and contrast may have made it stronger after that.
    expect(Math.max(...deviations)).toBeLessThan(0.16);
  });

  it('blur and coarsen half as often as they say, as of every second channel', () => {
    const random = randomStream(6, 'black and white');
    const image = Float32Array.from({ length: 512 }, () => (random.uniform() < 0.5 ? -1 : 1));
    // Brightness, contrast and gamma leave black and white what they are.
    const grey = changed(image, [8, 8, 8]).filter((found) => new Set(found).size > 2);
    expect(grey.length / 400).toBeCloseTo(1 - 0.9 * 0.9 * 0.875, 1);
  });

  it('blur over time, too, where a patch is flat', () => {
    const frames = [-1, 1, 1, -1, 1, -1, -1, 1];
    const image = Float32Array.from({ length: 8 * 16 }, (_, i) => frames[Math.floor(i / 16)]!);
    const blurred = changed(image, [8, 4, 4], true).filter((found) => {
      const noisy = found.some((value, i) => Math.abs(value - found[i - (i % 16)]!) > 1e-5);
      return !noisy && new Set([...found].map((value) => value.toFixed(4))).size > 2;
    });
    expect(blurred.length / 400).toBeCloseTo(0.1 * 0.9, 1);
  });
});

describe('the loss', () => {
  it('weights outputs by halves and leaves out the lowest', () => {
    expect(outputWeights(1)).toEqual([1]);
    expect(outputWeights(4)).toEqual([4 / 7, 2 / 7, 1 / 7, 0]);
  });

  it('is the mean over patches of their own in 3d, and one of the whole batch in 2d', () => {
    const random = randomStream(1, 'loss');
    const logits = tf.tensor5d(
      Float32Array.from({ length: 48 }, () => random.normal()),
      [2, 1, 2, 4, 3],
    );
    const labels = tf.tensor4d([0, 1, 2, 0, 1, 1, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0], [2, 1, 2, 4], 'int32');
    const values = (configuration: NnUNetPlan['configuration']) => {
      const { loss, gradients } = deeplySupervisedLoss([logits], [labels], { ...plan, configuration });
      return { loss: loss.dataSync()[0]!, gradient: [...gradients[0]!.dataSync()] };
    };
    const whole = supervisedLoss(logits, labels);
    expect(values('2d').loss).toBeCloseTo(whole.loss.dataSync()[0]!, 6);
    const parts = [0, 1].map((i) => supervisedLoss(tf.slice(logits, i, 1), tf.slice(labels, i, 1)));
    expect(values('3d_fullres').loss).toBeCloseTo(
      parts.reduce((sum, { loss }) => sum + loss.dataSync()[0]! / 2, 0),
      6,
    );
    expect(values('3d_fullres').gradient.slice(24)).toEqual(
      [...parts[1]!.gradient.dataSync()].map((value) => expect.closeTo(value / 2, 6)),
    );
  });

  it('sees of every block of labels the one in its middle', () => {
    const flat = {
      ...plan,
      patch: [1, 2, 4],
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [1, 1, 2],
      ],
    };
    const pyramid = labelPyramid(new Int32Array([0, 1, 2, 0, 1, 2, 0, 1]), flat);
    expect(pyramid.map((level) => [...level])).toEqual([
      [0, 1, 2, 0, 1, 2, 0, 1],
      [2, 1],
    ]);
  });
});

it("steps as PyTorch's SGD with Nesterov momentum and weight decay", () => {
  // torch.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01) from p = [1, -2].
  const parameter = tf.variable(tf.tensor1d([1, -2]));
  const sgd = new Sgd(new Map([['p', parameter]]), { momentum: 0.9, weightDecay: 0.01 });
  for (const gradient of [
    [0.5, 1],
    [-1, 0.2],
  ]) {
    const rate = tf.scalar(0.1);
    const vector = tf.tensor1d(gradient);
    sgd.take(sgd.updated(vector, rate));
    tf.dispose([rate, vector]);
  }
  let [p, v] = [1, 0];
  for (const g of [0.5, -1]) {
    const decayed = g + 0.01 * p;
    v = 0.9 * v + decayed;
    p -= 0.1 * (decayed + 0.9 * v);
  }
  expect(parameter.dataSync()[0]).toBeCloseTo(p, 6);
  sgd.dispose();
  parameter.dispose();
});

it('learns rings and finds those of an unseen video, leaking nothing', () => {
  const before = tf.memory().numTensors;
  const network = networkOf(plan);
  const training = new NnUNetTraining({
    network,
    windows: ringWindows('source', 4, 1),
    plan,
    mirroring: true,
    steps: 80,
    rateFactor: 1,
    seed: 3,
  });
  for (let step = 0; step < 16; step++) training.step();
  const tensors = tf.memory().numTensors;
  while (!training.done) training.step();
  expect(tf.memory().numTensors).toBe(tensors);
  const { image, labels } = ringClip('source', 100);
  const inference = {
    networks: [network],
    plan,
    preprocessing: PreprocessingSchema.parse({ spacingMm: 1, multiple: 1, clahe: { enabled: false } }),
    mirrored: [1, 2],
  };
  const found = segmentByNnUNet(image, inference);
  expect(diceOf(found, labels).mean).toBeGreaterThan(0.6);
  training.dispose();
  network.dispose();
  expect(tf.memory().numTensors).toBe(before);
}, 120_000);
