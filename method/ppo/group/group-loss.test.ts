import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import { type GroupLossInput, groupAdvantages, groupLoss } from './group-loss.ts';

const grid: [number, number, number, number] = [1, 2, 3, 4];
const shape: [number, number, number, number, number] = [...grid, 3];
const random = randomStream(1, 'group loss test');
const drawn = (spread: number) =>
  tf.tensor5d(
    Float32Array.from({ length: 72 }, () => spread * random.normal()),
    shape,
  );
const labels = (of: (index: number) => number) =>
  tf.tensor4d(
    Int32Array.from({ length: 24 }, (_, i) => of(i)),
    grid,
    'int32',
  );
const rewards = () =>
  tf.tensor4d(
    Float32Array.from({ length: 24 }, () => random.uniform()),
    grid,
  );

function example(): GroupLossInput {
  const newLogits = drawn(1);
  const near = (spread: number) => tf.logSoftmax(tf.add(newLogits, drawn(spread))) as tf.Tensor5D;
  return {
    newLogits,
    rolloutLogProb: near(0.3),
    referenceLogProb: near(0.5),
    advantages: drawn(0.4),
    clipRange: 0.2,
    entropyCoefficient: 0.1,
    divergenceCoefficient: 0.3,
  };
}

describe('advantages of a group', () => {
  it('are what each label earns above the mean of the group, and sum to zero over the labels', () => {
    tf.tidy(() => {
      const proposals = [labels(() => 0), labels(() => 1), labels(() => 1)];
      const earned = [0.25, 0.5, 0.75].map((reward) => tf.fill(grid, reward) as tf.Tensor4D);
      const advantages = groupAdvantages(proposals, earned, 3).dataSync();
      for (let i = 0; i < 24; i++) {
        expect(advantages[3 * i]).toBeCloseTo(-0.25 / 3, 6);
        expect(advantages[3 * i + 1]).toBeCloseTo(0.25 / 3, 6);
        expect(advantages[3 * i + 2]).toBe(0);
      }
    });
  });

  it('are exactly zero where all proposals agree, whatever they earn', () => {
    tf.tidy(() => {
      const agreed = (i: number) => i % 2 === 0;
      const proposals = [0, 1, 2].map((own) => labels((i) => (agreed(i) ? i % 3 : own)));
      const advantages = groupAdvantages(proposals, proposals.map(rewards), 3);
      const size = tf.sum(tf.abs(advantages), -1).dataSync();
      size.forEach((value, i) => {
        if (agreed(i)) expect(value).toBe(0);
        else expect(value).toBeGreaterThan(0);
      });
      // And with them the gradient, at a policy that has not moved yet.
      const newLogits = drawn(1);
      const logProb = tf.logSoftmax(newLogits) as tf.Tensor5D;
      const { gradient } = groupLoss({
        ...{ newLogits, advantages, clipRange: 0.2, entropyCoefficient: 0, divergenceCoefficient: 0.5 },
        ...{ rolloutLogProb: logProb, referenceLogProb: logProb },
      });
      const moved = tf.sum(tf.abs(gradient), -1).dataSync();
      moved.forEach((value, i) => {
        if (agreed(i)) expect(value).toBe(0);
      });
    });
  });

  it('need two proposals with a reward each', () => {
    const one = [labels(() => 0)];
    expect(() => groupAdvantages(one, one, 3)).toThrow(/two or more proposals/);
    expect(() => groupAdvantages([...one, ...one], one, 3)).toThrow(/found 2 and 1/);
    tf.dispose(one);
  });
});

describe('the group loss', () => {
  it('has the gradient that finite differences find, divergence and both sides of the clip range included', () => {
    tf.tidy(() => {
      const input = example();
      const analytic = groupLoss(input).gradient.dataSync();
      const logits = Float32Array.from(input.newLogits.dataSync());
      const lossAt = (index: number, delta: number) => {
        const moved = Float32Array.from(logits);
        moved[index]! += delta;
        return groupLoss({
          ...input,
          newLogits: tf.tensor5d(moved, shape),
        }).metrics.policyLoss.dataSync()[0]!;
      };
      const ratio = tf.exp(tf.sub(tf.logSoftmax(input.newLogits), input.rolloutLogProb)).dataSync();
      // At the ends of the clip range the loss has a bend, of which a difference sees both sides.
      const bent = (i: number) => [0.8, 1.2].some((end) => Math.abs(ratio[i]! - end) < 0.02);
      const smooth = (pixel: number) => ![0, 1, 2].some((label) => bent(3 * pixel + label));
      for (let i = 0; i < logits.length; i++) {
        if (!smooth(Math.floor(i / 3))) continue;
        const numeric = (lossAt(i, 0.005) - lossAt(i, -0.005)) / 0.01;
        expect(Math.abs(numeric - analytic[i]!)).toBeLessThan(3e-4);
      }
    });
  });

  it('raises what earns more than the group and lowers what earns less', () => {
    tf.tidy(() => {
      const input = { ...example(), entropyCoefficient: 0, divergenceCoefficient: 0 };
      const logProb = tf.logSoftmax(input.newLogits) as tf.Tensor5D;
      const proposals = [labels(() => 1), labels(() => 2)];
      const earned = [tf.ones(grid), tf.zeros(grid)] as tf.Tensor4D[];
      const advantages = groupAdvantages(proposals, earned, 3);
      const { gradient } = groupLoss({ ...input, rolloutLogProb: logProb, advantages });
      const values = gradient.dataSync();
      for (let i = 0; i < 24; i++) {
        expect(values[3 * i + 1]).toBeLessThan(0);
        expect(values[3 * i + 2]).toBeGreaterThan(0);
      }
    });
  });

  it('leaves no tensors behind but what it gives', () => {
    const input = example();
    const before = tf.memory().numTensors;
    const { gradient, metrics } = groupLoss(input);
    tf.dispose([gradient, { ...metrics }]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
