import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import { LEAKY_SLOPE, NORM_EPSILON } from './kernel-interface.ts';
import { networkKernels } from './kernels.ts';

interface Example {
  readonly grid: readonly [number, number, number];
  readonly channels: number;
  /** Of the input, in its standard deviations. */
  readonly mean: number;
  readonly seed: number;
}

/** Far from the kink of the activation, on both sides of it, so that rounding does not decide what is compared. */
const offsetOf = (channel: number): number => (channel % 2 === 0 ? 30 : -30);
const slopeOf = (channel: number): number => (channel % 2 === 0 ? 1 : LEAKY_SLOPE);

/** So many drawn numbers, then the same again: drawing them is the slow part. */
const DRAWN = 10_007;

/** Sums of one channel, added up in double precision. */
function sumOver(length: number, channels: number, channel: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = channel; i < length; i += channels) sum += term(i);
  return sum;
}

/** Largest error of the norm's output and gradients against sums in double precision, each relative to its own size. */
function worstError({ grid, channels, mean, seed }: Example): number {
  const shape: [number, number, number, number, number] = [1, ...grid, channels];
  const voxels = grid[0] * grid[1] * grid[2];
  const random = randomStream(seed, 'norm test');
  const drawn = Float32Array.from({ length: DRAWN }, () => random.normal());
  const x = Float32Array.from({ length: voxels * channels }, (_, i) => mean + drawn[i % DRAWN]!);
  // Mostly of one sign, as the gradient of a loss is that asks for more everywhere.
  const dy = Float32Array.from({ length: x.length }, (_, i) => 1 + drawn[(3 * i + 1) % DRAWN]!);
  const scale = Float32Array.from({ length: channels }, () => 0.5 + random.uniform());
  const offset = Float32Array.from({ length: channels }, (_, channel) => offsetOf(channel));
  const [output, onInput, onScale, onOffset] = tf.tidy(() => {
    const kernels = networkKernels();
    const [input, scales] = [tf.tensor5d(x.slice(), shape), tf.tensor1d(scale.slice())];
    const forward = kernels.normActivate(input, scales, tf.tensor1d(offset));
    const values = forward.output.dataSync<'float32'>();
    const gradient = kernels.normActivateGradient(tf.tensor5d(dy.slice(), shape), input, scales, forward);
    const parts = [gradient.input, gradient.scale, gradient.offset].map((part) => part.dataSync<'float32'>());
    return [values, ...parts] as [Float32Array, Float32Array, Float32Array, Float32Array];
  });
  const errors: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const sumOf = (term: (i: number) => number) => sumOver(x.length, channels, channel, term);
    const slope = slopeOf(channel);
    const gain = slope * scale[channel]!;
    const centre = sumOf((i) => x[i]!) / voxels;
    const inverse = 1 / Math.sqrt(sumOf((i) => (x[i]! - centre) ** 2) / voxels + NORM_EPSILON);
    const sum = sumOf((i) => dy[i]!);
    const product = sumOf((i) => dy[i]! * (x[i]! - centre) * inverse);
    errors.push(
      Math.abs(onOffset[channel]! / (slope * sum) - 1),
      Math.abs(onScale[channel]! - slope * product) / (slope * sum),
    );
    let [inputError, inputSize, outputError] = [0, 0, 0];
    for (let i = channel; i < x.length; i += channels) {
      const h = (x[i]! - centre) * inverse;
      const expected = gain * inverse * (dy[i]! - sum / voxels - (h * product) / voxels);
      inputError += (onInput[i]! - expected) ** 2;
      inputSize += expected ** 2;
      outputError += (output[i]! - gain * h - slope * offset[channel]!) ** 2;
    }
    errors.push(Math.sqrt(inputError / inputSize), Math.sqrt(outputError / (voxels * gain ** 2)));
  }
  return Math.max(...errors);
}

it('loses no more than the last digits to float32, whatever the width, up to windows of 160 x 160 x 4', () => {
  const sizes: Example['grid'][] = [
    [2, 6, 5],
    [8, 64, 64],
    [4, 96, 96],
    [4, 160, 160],
  ];
  const example = fc.record({
    grid: fc.constantFrom(...sizes),
    channels: fc.integer({ min: 1, max: 8 }),
    mean: fc.double({ min: -3, max: 3, noNaN: true }),
    seed: fc.integer({ min: 0 }),
  });
  const before = tf.memory().numTensors;
  // biome-ignore lint/nursery/noFloatingPromises: a property that is not asynchronous is over when assert returns
  fc.assert(
    fc.property(example, (drawn) => {
      expect(worstError(drawn)).toBeLessThan(1e-4);
    }),
    { numRuns: 15, seed: 1 },
  );
  expect(tf.memory().numTensors).toBe(before);
}, 60_000);

it.each([1, 4])(
  'is as exact on a whole window of the published size, %i channels wide',
  (channels) => {
    const before = tf.memory().numTensors;
    expect(worstError({ grid: [4, 512, 448], channels, mean: 1, seed: channels })).toBeLessThan(1e-4);
    expect(tf.memory().numTensors).toBe(before);
  },
  60_000,
);
