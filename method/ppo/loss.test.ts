import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { readNumbers, stackNumbers } from '../networks/step-numbers.ts';
import { actionLogProb, type PolicyLossInput, policyLoss, policyShift, policyStanding } from './loss.ts';

const shape: [number, number, number, number] = [1, 2, 3, 4];

function example(spread: number): PolicyLossInput {
  const random = randomStream(1, 'loss test');
  const logits = () =>
    tf.tensor5d(
      Float32Array.from({ length: 72 }, () => spread * random.normal()),
      [...shape, 3],
    );
  const newLogits = logits();
  const rolloutLogits = tf.add(newLogits, tf.mul(logits(), 0.3)) as tf.Tensor5D;
  const actions = tf.argMax(rolloutLogits, -1) as tf.Tensor4D;
  return {
    newLogits,
    actions,
    rolloutLogProb: actionLogProb(tf.logSoftmax(rolloutLogits) as tf.Tensor5D, actions),
    referenceLogProb: tf.logSoftmax(tf.add(newLogits, tf.mul(logits(), 0.1))) as tf.Tensor5D,
    reward: tf.tensor4d(
      Float32Array.from({ length: 24 }, () => random.uniform()),
      shape,
    ),
    value: tf.fill(shape, 0.5) as tf.Tensor4D,
    clipRange: 0.2,
    entropyCoefficient: 0.1,
    // Zero, because finite differences would see the advantage move, which the gradient by definition does not.
    divergenceCoefficient: 0,
  };
}

it('gives the gradient that finite differences find, on both sides of the clip range', () => {
  tf.tidy(() => {
    const input = example(1);
    const { gradient } = policyLoss(input);
    const analytic = gradient.dataSync();
    const logits = Float32Array.from(input.newLogits.dataSync());
    const lossAt = (index: number, delta: number) => {
      const moved = Float32Array.from(logits);
      moved[index]! += delta;
      return policyLoss({
        ...input,
        newLogits: tf.tensor5d(moved, input.newLogits.shape),
      }).metrics.policyLoss.dataSync()[0]!;
    };
    for (let i = 0; i < logits.length; i++) {
      const numeric = (lossAt(i, 0.01) - lossAt(i, -0.01)) / 0.02;
      expect(Math.abs(numeric - analytic[i]!)).toBeLessThan(2e-4);
    }
  });
});

it('lets no gradient flow through the divergence penalty in the advantage', () => {
  tf.tidy(() => {
    const input = { ...example(1), clipRange: 1e6, entropyCoefficient: 0 };
    const penalised = policyLoss({ ...input, divergenceCoefficient: 0.5 });
    const logProb = tf.logSoftmax(input.newLogits) as tf.Tensor5D;
    const penalty = tf.sub(
      actionLogProb(logProb, input.actions),
      actionLogProb(input.referenceLogProb, input.actions),
    );
    const asReward = policyLoss({ ...input, reward: tf.sub(input.reward, tf.mul(penalty, 0.5)) });
    expect(tf.max(tf.abs(tf.sub(penalised.gradient, asReward.gradient))).dataSync()[0]).toBeLessThan(1e-7);
  });
});

it('gives saturated pixels a finite loss and a gradient', () => {
  tf.tidy(() => {
    const input = example(1);
    const newLogits = tf.tile(tf.tensor5d([0, 100, -100], [1, 1, 1, 1, 3]), [...shape, 1]) as tf.Tensor5D;
    const actions = tf.zeros(shape, 'int32') as tf.Tensor4D;
    const rolloutLogProb = tf.fill(shape, -100) as tf.Tensor4D;
    const { metrics, gradient } = policyLoss({ ...input, newLogits, actions, rolloutLogProb });
    expect(Number.isFinite(metrics.policyLoss.dataSync()[0])).toBe(true);
    const values = gradient.dataSync();
    expect(values.every(Number.isFinite)).toBe(true);
    // The action's probability is e^-100: clamped probabilities would give exactly zero here.
    expect(Math.abs(values[0]!)).toBeGreaterThan(1e-4);
  });
});

it('reports no shift for the policy of the rollout itself, and no divergence from itself as reference', () => {
  tf.tidy(() => {
    const { newLogits } = example(2);
    const logProb = tf.logSoftmax(newLogits) as tf.Tensor5D;
    const actions = tf.argMax(newLogits, -1) as tf.Tensor4D;
    const rolloutLogProb = actionLogProb(logProb, actions);
    const rolloutStanding = policyStanding(logProb, logProb);
    const rollout = { rolloutLogProb, rolloutStanding, referenceLogProb: logProb };
    const shift = readNumbers(
      stackNumbers({ ...policyShift({ newLogits, actions, ...rollout, clipRange: 0.2 }) }),
    );
    expect(shift).toMatchObject({ approxKl: 0, referenceKl: 0, clipFraction: 0, meanRatio: 1 });
    expect(shift.entropy).toBeCloseTo(shift.referenceEntropy, 6);
    expect(shift.entropy).toBeLessThan(Math.log(3));
    expect(shift).toMatchObject({ rolloutEntropy: shift.entropy, rolloutReferenceKl: 0 });
    const foreground = tf.mean(tf.cast(tf.greater(actions, 0), 'float32')).dataSync()[0]!;
    expect(shift.foregroundShare).toBeCloseTo(foreground, 6);
    expect(shift.rolloutForegroundShare).toBeCloseTo(foreground, 6);
    const blind = policyShift({
      ...{ newLogits, ...rollout, clipRange: 0.2 },
      actions: tf.zerosLike(actions),
    });
    expect(blind.rolloutForegroundShare.dataSync()[0]).toBe(0);
    expect(blind.foregroundShare.dataSync()[0]).toBeCloseTo(foreground, 6);
  });
});

it('leaves no tensors behind but what it gives', () => {
  const input = example(1);
  const before = tf.memory().numTensors;
  const { gradient, metrics } = policyLoss(input);
  const rolloutStanding = policyStanding(input.referenceLogProb, input.referenceLogProb);
  const shift = policyShift({ ...input, rolloutStanding });
  tf.dispose([gradient, { ...metrics }, { ...rolloutStanding }, { ...shift }]);
  expect(tf.memory().numTensors).toBe(before);
  tf.disposeVariables();
});
