import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { supervisedLoss } from './supervised-loss.ts';

const random = randomStream(1, 'test');
const shape: [number, number, number, number] = [2, 1, 3, 4];
const labels = tf.tensor4d(
  Int32Array.from({ length: 24 }, () => random.integer(3)),
  shape,
  'int32',
);
const values = Float32Array.from({ length: 72 }, () => random.normal());
const lossAt = (data: Float32Array) => {
  const logits = tf.tensor5d(data, [...shape, 3]);
  const { loss, gradient } = supervisedLoss(logits, labels);
  const result = { loss: loss.dataSync()[0]!, gradient: gradient.dataSync<'float32'>() };
  tf.dispose([logits, loss, gradient]);
  return result;
};

describe('cross entropy plus Dice', () => {
  it('has the value of its formula', () => {
    const truth = labels.dataSync();
    const probability = Array.from({ length: 24 }, (_, voxel) => {
      const powers = [0, 1, 2].map((label) => Math.exp(values[3 * voxel + label]!));
      return powers.map((power) => power / (powers[0]! + powers[1]! + powers[2]!));
    });
    const entropy = probability.reduce((sum, p, voxel) => sum - Math.log(p[truth[voxel]!]!), 0) / 24;
    const dice = [1, 2].map((label) => {
      const isLabel = (voxel: number) => (truth[voxel] === label ? 1 : 0);
      const overlap = probability.reduce((sum, p, voxel) => sum + p[label]! * isLabel(voxel), 0);
      const size = probability.reduce((sum, p, voxel) => sum + p[label]! + isLabel(voxel), 0);
      return (2 * overlap) / size;
    });
    expect(lossAt(values).loss).toBeCloseTo(entropy + 1 - (dice[0]! + dice[1]!) / 2, 4);
  });

  it('has the gradient of finite differences and frees its tensors', () => {
    const before = tf.memory().numTensors;
    const { gradient } = lossAt(values);
    for (const index of [0, 7, 20, 43, 71]) {
      const moved = [0.02, -0.02].map((step) => lossAt(values.with(index, values[index]! + step)).loss);
      expect(gradient[index]).toBeCloseTo((moved[0]! - moved[1]!) / 0.04, 3);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is near zero for a certain and right answer, and finite for a wrong one', () => {
    const truth = labels.dataSync();
    const certain = (right: boolean) =>
      Float32Array.from({ length: 72 }, (_, i) =>
        (i % 3 === truth[Math.floor(i / 3)]) === right ? 100 : -100,
      );
    expect(lossAt(certain(true)).loss).toBeLessThan(1e-5);
    const wrong = lossAt(certain(false));
    expect(wrong.loss).toBeGreaterThan(100);
    expect(wrong.gradient.every(Number.isFinite)).toBe(true);
  });

  it('refuses labels of another grid', () => {
    const logits = tf.zeros<tf.Rank.R5>([1, 1, 3, 4, 3]);
    expect(() => supervisedLoss(logits, labels)).toThrow(
      expect.objectContaining({ code: 'GeometryMismatch' }),
    );
  });
});
