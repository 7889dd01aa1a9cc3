import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { clipByGlobalNorm, globalNorm } from './gradient-norm.ts';
import { addGradients, disposeGradients, type Gradients, scaleGradients } from './gradients.ts';

const gradientsOf = (values: Record<string, number[]>): Gradients =>
  new Map(Object.entries(values).map(([name, list]) => [name, tf.tensor1d(list)]));
const valuesOf = (gradients: Gradients): Record<string, number[]> =>
  Object.fromEntries([...gradients].map(([name, gradient]) => [name, [...gradient.dataSync<'float32'>()]]));

describe('gradients', () => {
  it('are clipped to the common norm when theirs is larger', () => {
    const before = tf.memory().numTensors;
    const { gradients, norm } = clipByGlobalNorm(gradientsOf({ a: [3, 0], b: [4] }), 0.5);
    expect(norm).toBeCloseTo(5, 6);
    expect(globalNorm(gradients)).toBeCloseTo(0.5, 5);
    expect(gradients.get('b')!.dataSync()[0]).toBeCloseTo(0.4, 5);
    disposeGradients(gradients);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stay as they are when their norm is smaller or not finite', () => {
    const small = gradientsOf({ a: [0.3] });
    expect(clipByGlobalNorm(small, 0.5).gradients).toBe(small);
    const broken = gradientsOf({ a: [Number.NaN] });
    const clipped = clipByGlobalNorm(broken, 0.5);
    expect(clipped.gradients).toBe(broken);
    expect(clipped.norm).toBeNaN();
    expect(clipByGlobalNorm(new Map(), 1).norm).toBe(0);
    disposeGradients(small);
    disposeGradients(broken);
  });

  it('add up by name and scale, freeing what they were made of', () => {
    const before = tf.memory().numTensors;
    const sum = scaleGradients(
      addGradients(gradientsOf({ a: [1], b: [2] }), gradientsOf({ b: [3], c: [4] })),
      0.5,
    );
    expect(valuesOf(sum)).toEqual({ a: [0.5], b: [2.5], c: [2] });
    disposeGradients(sum);
    expect(tf.memory().numTensors).toBe(before);
  });
});
