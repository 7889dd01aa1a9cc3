import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import { leakless } from '../../../recorded/leakless.fixture.ts';
import { recorded } from '../../../recorded/recorded.ts';
import { drawSeed, standardNormal } from './noise.ts';

describe('noise drawn on the device', () => {
  it('has the mean and the deviation of the standard normal', () => {
    const [mean, deviation] = tf.tidy(() => {
      const noise = standardNormal([100, 100], drawSeed(randomStream(1, 'test')));
      const { mean, variance } = tf.moments(noise);
      return [mean.dataSync()[0]!, Math.sqrt(variance.dataSync()[0]!)];
    });
    expect(mean).toBeCloseTo(0, 1);
    expect(deviation).toBeCloseTo(1, 1);
  });

  leakless('follows from the seed of each call, recorded or not', () => {
    const draw = recorded('draw', (seed: tf.Tensor1D) => standardNormal([4], seed));
    const draws = Array.from({ length: 6 }, (_, call) => {
      const seed = drawSeed(randomStream(7, 'noise', call % 3));
      const noise = draw(seed);
      const plain = standardNormal([4], seed);
      const numbers = [...noise.dataSync()];
      expect(numbers).toEqual([...plain.dataSync()]);
      tf.dispose([seed, noise, plain]);
      return numbers;
    });
    expect(draws.slice(3)).toEqual(draws.slice(0, 3));
    expect(new Set(draws.flat()).size).toBe(12);
    draw.dispose();
  });
});
