import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { clipVector } from './gradient-norm.ts';

function clippedTo(limit: number, values: number[]): { clipped: number[]; norm: number } {
  const vector = tf.tensor1d(values);
  const { clipped, norm } = clipVector(vector, limit);
  const result = { clipped: [...clipped.dataSync<'float32'>()], norm: norm.dataSync<'float32'>()[0]! };
  tf.dispose([vector, clipped, norm]);
  return result;
}

describe('gradients', () => {
  it('are clipped to the limit when their norm is larger', () => {
    const before = tf.memory().numTensors;
    const { clipped, norm } = clippedTo(0.5, [3, 0, 4]);
    expect(norm).toBeCloseTo(5, 6);
    expect(Math.hypot(...clipped)).toBeCloseTo(0.5, 5);
    expect(clipped[2]).toBeCloseTo(0.4, 5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stay as they are when their norm is smaller, and show in it that they are not finite', () => {
    expect(clippedTo(0.5, [0.25]).clipped).toEqual([0.25]);
    expect(clippedTo(0.5, [Number.NaN]).norm).toBeNaN();
  });
});
