import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { UNKNOWN } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { supervisedLoss } from './supervised-loss.ts';

const random = randomStream(1, 'partly known');
const frame = () => Array.from({ length: 12 }, () => random.integer(3));
const [first, second] = [frame(), frame()];
const values = Float32Array.from({ length: 72 }, () => random.normal());

function lossOf(labels: readonly number[], logits: Float32Array): { loss: number; gradient: number[] } {
  const shape: [number, number, number, number] = [1, labels.length / 12, 3, 4];
  const inputs = [
    tf.tensor5d(logits, [...shape, 3]),
    tf.tensor4d(Int32Array.from(labels), shape, 'int32'),
  ] as const;
  const result = supervisedLoss(...inputs);
  const gradient = [...result.gradient.dataSync<'float32'>()];
  const loss = result.loss.dataSync()[0]!;
  tf.dispose([...inputs, result.loss, result.gradient]);
  return { loss, gradient };
}

describe('the loss where the truth is known', () => {
  it('is that of the annotated frames alone, with no gradient in the others', () => {
    const annotated = lossOf(first, values.slice(0, 36));
    const partly = lossOf([...first, ...Array(12).fill(UNKNOWN)], values);
    expect(partly.loss).toBeCloseTo(annotated.loss, 5);
    partly.gradient.forEach((value, i) => {
      expect(value).toBeCloseTo(annotated.gradient[i] ?? 0, 6);
    });
  });

  it('has the gradient of finite differences among unknown pixels, and frees its tensors', () => {
    const labels = [...first, ...second].map((label, i) => (i % 3 === 0 ? UNKNOWN : label));
    const before = tf.memory().numTensors;
    const { gradient } = lossOf(labels, values);
    for (const index of [0, 5, 20, 43, 71]) {
      const moved = [0.02, -0.02].map(
        (step) => lossOf(labels, values.with(index, values[index]! + step)).loss,
      );
      expect(gradient[index]).toBeCloseTo((moved[0]! - moved[1]!) / 0.04, 3);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is finite without any known pixel and pushes nowhere', () => {
    const { loss, gradient } = lossOf(Array(24).fill(UNKNOWN), values);
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every((value) => value === 0)).toBe(true);
  });

  it('refuses labels of another grid', () => {
    tf.tidy(() => {
      expect(() => supervisedLoss(tf.zeros([1, 2, 3, 4, 3]), tf.zeros([1, 2, 3, 3]))).toThrow(
        expect.objectContaining({ code: 'GeometryMismatch' }),
      );
    });
  });
});
