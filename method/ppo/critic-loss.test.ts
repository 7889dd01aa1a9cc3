import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { readNumbers, stackNumbers } from '../networks/step-numbers.ts';
import { criticLoss, deepSupervisionWeights } from './critic-loss.ts';

const random = randomStream(2, 'critic test');

function heads(): { outputs: tf.Tensor5D[]; reward: tf.Tensor4D } {
  const logits = (shape: [number, number, number, number, number]) =>
    tf.tensor5d(normals(tf.util.sizeFromShape(shape)), shape);
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const reward = tf.tensor4d(
    Float32Array.from({ length: 64 }, () => random.uniform()),
    [1, 4, 4, 4],
  );
  return { outputs: [logits([1, 4, 4, 4, 1]), logits([1, 4, 2, 2, 1]), logits([1, 2, 1, 1, 1])], reward };
}

it('weighs heads by halves that sum to one', () => {
  for (const count of [1, 2, 3, 5]) {
    const weights = deepSupervisionWeights(count);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    for (let head = 1; head < count; head++) expect(weights[head]! / weights[head - 1]!).toBeCloseTo(0.5, 12);
  }
});

it('gives every head the gradient that finite differences find', () => {
  tf.tidy(() => {
    const { outputs, reward } = heads();
    const { gradients } = criticLoss(outputs, reward);
    outputs.forEach((output, head) => {
      const values = Float32Array.from(output.dataSync());
      const analytic = gradients[head]!.dataSync();
      const lossAt = (index: number, delta: number) => {
        const moved = Float32Array.from(values);
        moved[index]! += delta;
        return criticLoss(
          outputs.with(head, tf.tensor5d(moved, output.shape)),
          reward,
        ).metrics.criticLoss.dataSync()[0]!;
      };
      for (let i = 0; i < values.length; i++) {
        expect(Math.abs((lossAt(i, 0.05) - lossAt(i, -0.05)) / 0.1 - analytic[i]!)).toBeLessThan(1e-4);
      }
    });
  });
});

it('explains all variance when the value is the reward, and none of a constant reward', () => {
  tf.tidy(() => {
    const { reward } = heads();
    const logits = tf.expandDims(tf.log(tf.div(reward, tf.sub(1, reward))), -1) as tf.Tensor5D;
    const numbers = (of: tf.Tensor4D) => readNumbers(stackNumbers({ ...criticLoss([logits], of).metrics }));
    expect(numbers(reward).explainedVariance).toBeCloseTo(1, 4);
    expect(numbers(reward).criticLoss).toBeCloseTo(0, 6);
    expect(numbers(tf.onesLike(reward)).explainedVariance).toBe(0);
  });
});

it('refuses a head whose grid does not divide the reward grid', () => {
  const { outputs, reward } = heads();
  const odd = tf.zeros([1, 4, 3, 4, 1]) as tf.Tensor5D;
  expect(() => criticLoss([outputs[0]!, odd], reward)).toThrow(/does not divide/);
});

it('leaves no tensors behind but what it gives', () => {
  const { outputs, reward } = heads();
  const before = tf.memory().numTensors;
  const { gradients, metrics } = criticLoss(outputs, reward);
  tf.dispose([gradients, { ...metrics }]);
  expect(tf.memory().numTensors).toBe(before);
});
