import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { stepsAreRecorded } from '../../recorded/recorded.ts';
import { Adam } from './adam.ts';
import { drawSeed, standardNormal } from './kernels/noise.ts';
import { supervisedLoss } from './supervised-loss.ts';
import { networkPass, TrainingStep } from './training-step.ts';
import { UNet3D } from './unet3d.ts';

const config = {
  baseFilters: 4,
  maxFilters: 8,
  strides: [
    [1, 1, 1],
    [2, 2, 2],
  ] as [number, number, number][],
  kernels: [
    [1, 3, 3],
    [3, 3, 3],
  ] as [number, number, number][],
  inputChannels: 1,
  outputChannels: 3,
  deepSupervision: false,
};

describe('a network on WebAssembly', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await tf.ready();
  });

  it('learns one clip', () => {
    expect(tf.getBackend()).toBe('wasm');
    const before = tf.memory().numTensors;
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const adam = new Adam(net.parameters, { learningRate: 2e-2 });
    const random = randomStream(1, 'clip');
    const labels = tf.tensor4d(
      Int32Array.from({ length: 128 }, () => random.integer(3)),
      [1, 2, 8, 8],
      'int32',
    );
    const x = tf.tidy(() => tf.expandDims<tf.Tensor5D>(tf.add(labels, 0.5), 4));
    const step = new TrainingStep({
      name: 'supervised',
      optimiser: adam,
      gradientNorm: 0.5,
      pass: (window: tf.Tensor5D, truth: tf.Tensor4D) =>
        networkPass(net, window, ([logits]) => {
          const { loss, gradient } = supervisedLoss(logits!, truth);
          return { loss, gradients: [gradient] };
        }),
    });
    expect(stepsAreRecorded()).toBe(false);
    const losses = Array.from({ length: 15 }, () => step.run(x, labels).numbers.loss);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
    tf.dispose([x, labels]);
    step.dispose();
    adam.dispose();
    net.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('draws the same noise for the same seed', () => {
    const draws = [1, 2, 1].map((step) =>
      tf.tidy(() => [...standardNormal([6], drawSeed(randomStream(1, 'noise', step))).dataSync()]),
    );
    expect(draws[2]).toEqual(draws[0]);
    expect(new Set(draws.flat()).size).toBe(12);
  });
});
