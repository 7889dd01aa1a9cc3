import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import { attributeLoss, attributePairs, divergenceLoss, reconstructionLoss } from './autoencoder-loss.ts';
import type { AttributeValues } from './shape-attributes.ts';

const random = randomStream(1, 'loss');
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

/** The attribute term on the host; `means` is [batch, dimensions] row-major. */
function attributeLossOf(means: Float32Array, attributes: readonly AttributeValues[], weight: number) {
  return tf.tidy(() => {
    const batch = attributes.length;
    const { order, share } = attributePairs(attributes, weight);
    const shape: [number, number, number] = [order.length / batch ** 2, batch, batch];
    const { loss, gradient } = attributeLoss(tf.tensor2d(means.slice(), [batch, means.length / batch]), {
      order: tf.tensor3d(order, shape),
      share: tf.tensor3d(share, shape),
    });
    return { loss: loss.dataSync()[0]!, gradient: gradient.dataSync() };
  });
}

/** Compares a gradient with central differences of the loss at the same values. */
function checkGradient(
  values: Float32Array,
  gradient: ArrayLike<number>,
  loss: (values: Float32Array) => number,
): void {
  for (let i = 0; i < values.length; i++) {
    const moved = (by: number) => loss(values.map((value, j) => (i === j ? value + by : value)));
    expect(gradient[i]).toBeCloseTo((moved(1e-2) - moved(-1e-2)) / 2e-2, 3);
  }
}

describe('the objective of the shape autoencoder', () => {
  it('has the gradient of cross entropy and Dice', () => {
    const before = tf.memory().numTensors;
    const shape: [number, number, number, number, number] = [2, 1, 2, 2, 3];
    const masks = tf.tidy(() =>
      tf.oneHot(tf.tensor1d([0, 1, 2, 1, 2, 0, 1, 1], 'int32'), 3).reshape(shape),
    ) as tf.Tensor5D;
    const weights = { crossEntropyWeight: 0.4, diceWeight: 1.5 };
    const values = normals(24);
    const lossAt = (logits: Float32Array) =>
      tf.tidy(() => reconstructionLoss(tf.tensor5d(logits, shape), masks, weights).loss.dataSync()[0]!);
    const gradient = tf.tidy(() =>
      reconstructionLoss(tf.tensor5d(values, shape), masks, weights).gradient.dataSync(),
    );
    checkGradient(values, gradient, lossAt);
    masks.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is near zero for a certain and right reconstruction', () => {
    tf.tidy(() => {
      const masks = tf.oneHot(tf.tensor1d([0, 1, 2, 1], 'int32'), 3).reshape([1, 1, 2, 2, 3]) as tf.Tensor5D;
      const weights = { crossEntropyWeight: 1, diceWeight: 1 };
      const { loss, dice } = reconstructionLoss(tf.mul(masks, 20), masks, weights);
      expect(loss.dataSync()[0]).toBeCloseTo(0, 5);
      expect(dice.dataSync()[0]).toBeCloseTo(1, 5);
    });
  });

  it('has the gradient of the divergence', () => {
    const values = normals(12);
    const at = (all: Float32Array) => {
      const mean = tf.tensor2d(all.slice(0, 6), [2, 3]);
      const logVariance = tf.tensor2d(all.slice(6), [2, 3]);
      return divergenceLoss({ mean, logVariance }, 0.7);
    };
    tf.tidy(() => {
      const { mean, logVariance } = at(values).gradient;
      checkGradient(values, [...mean.dataSync(), ...logVariance.dataSync()], (all) =>
        tf.tidy(() => at(all).loss.dataSync()[0]!),
      );
      expect(at(new Float32Array(12)).loss.dataSync()[0]).toBe(0);
    });
  });

  it('has the gradient of the attribute term, and none from attributes that could not be measured', () => {
    const attributes: AttributeValues[] = [0, 1, 2, 3].map(() => Float64Array.from(normals(7)));
    attributes[1]![1] = Number.NaN;
    const means = normals(4 * 8);
    const { gradient } = attributeLossOf(means, attributes, 10);
    checkGradient(means, gradient, (values) => attributeLossOf(values, attributes, 10).loss);
    expect(gradient[1 * 8 + 1]).toBe(0);
    // The eighth dimension stands for no attribute.
    expect(gradient[7]).toBe(0);
  });

  it('falls when latent order follows attribute order', () => {
    const attributes = [1, 2, 3].map((value) => new Float64Array(7).fill(value));
    const means = (sign: number) => Float32Array.from({ length: 21 }, (_, i) => sign * 3 * Math.floor(i / 7));
    expect(attributeLossOf(means(1), attributes, 1).loss).toBeLessThan(0.1);
    expect(attributeLossOf(means(-1), attributes, 1).loss).toBeGreaterThan(5);
  });
});
