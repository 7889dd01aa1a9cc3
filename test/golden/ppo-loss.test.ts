/** The policy and critic losses against the published ones, gradients included (golden/README.md, ppo_loss.json). */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { readNumbers, stackNumbers } from '../../method/networks/step-numbers.ts';
import { criticLoss, stateValue } from '../../method/ppo/critic-loss.ts';
import {
  actionLogProb,
  advantageOf,
  policyLoss,
  policyShift,
  policyStanding,
} from '../../method/ppo/loss.ts';
import { decodeArray, type EncodedArray, loadGolden } from './golden-files.ts';

const tolerance = 1e-5;

/** [batch, rows, columns, time] to [batch, time, rows, columns]. */
function map(encoded: EncodedArray, dtype: 'float32' | 'int32' = 'float32'): tf.Tensor4D {
  const { shape, data } = decodeArray(encoded);
  return tf.transpose<tf.Tensor>(
    tf.tensor(Float32Array.from(data), [...shape], dtype),
    [0, 3, 1, 2],
  ) as tf.Tensor4D;
}

/** [batch, classes, rows, columns, time] to [batch, time, rows, columns, classes]. */
function volume(encoded: EncodedArray): tf.Tensor5D {
  const { shape, data } = decodeArray(encoded);
  return tf.transpose<tf.Tensor>(
    tf.tensor(Float32Array.from(data), [...shape]),
    [0, 4, 2, 3, 1],
  ) as tf.Tensor5D;
}

function largestDifference(found: tf.Tensor, expected: tf.Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]!);
}

describe('the PPO losses agree with the published code', () => {
  for (const golden of loadGolden('ppo_loss').cases) {
    it(`in the case ${golden.name}`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const newLogits = volume(golden.logits_new);
        const actions = map(golden.actions, 'int32');
        const newLogProb = actionLogProb(tf.logSoftmax(newLogits) as tf.Tensor5D, actions);
        const rolloutLogProb = actionLogProb(
          tf.logSoftmax(volume(golden.logits_rollout)) as tf.Tensor5D,
          actions,
        );
        const reward = map(golden.rewards);
        const valueLogits: tf.Tensor5D[] = golden.value_logits.map((logits: EncodedArray) =>
          tf.expandDims(map(logits), -1),
        );
        const value = stateValue(valueLogits[0]!);
        // Without a reference network the divergence term is absent: the same as a reference equal to the policy.
        const referenceLogProb = tf.logSoftmax(
          golden.logits_ref === null ? newLogits : volume(golden.logits_ref),
        ) as tf.Tensor5D;
        const referenceActionLogProb = actionLogProb(referenceLogProb, actions);

        expect(largestDifference(newLogProb, map(golden.log_prob_new))).toBeLessThan(tolerance);
        expect(largestDifference(rolloutLogProb, map(golden.log_prob_rollout))).toBeLessThan(tolerance);
        if (golden.log_prob_ref !== null) {
          expect(largestDifference(referenceActionLogProb, map(golden.log_prob_ref))).toBeLessThan(tolerance);
        }
        const advantage = advantageOf(
          reward,
          newLogProb,
          referenceActionLogProb,
          value,
          golden.divergence_coeff,
        );
        expect(largestDifference(advantage, map(golden.advantage))).toBeLessThan(tolerance);

        const policy = policyLoss({
          newLogits,
          actions,
          rolloutLogProb,
          referenceLogProb,
          reward,
          value,
          clipRange: golden.clip,
          entropyCoefficient: golden.entropy_coeff,
          divergenceCoefficient: golden.divergence_coeff,
        });
        const losses = readNumbers(stackNumbers({ ...policy.metrics }));
        expect(Math.abs(losses.policyLoss - golden.policy_loss)).toBeLessThan(tolerance);
        expect(Math.abs(losses.surrogate - golden.surrogate_mean)).toBeLessThan(tolerance);
        expect(Math.abs(losses.lossEntropy - golden.entropy_mean)).toBeLessThan(tolerance);
        const shift = readNumbers(
          stackNumbers({
            ...policyShift({
              ...{ newLogits, actions, rolloutLogProb, referenceLogProb, clipRange: golden.clip },
              rolloutStanding: policyStanding(referenceLogProb, referenceLogProb),
            }),
          }),
        );
        expect(Math.abs(shift.entropy - golden.entropy_mean)).toBeLessThan(tolerance);
        expect(Math.abs(shift.meanRatio - golden.metrics.ratio)).toBeLessThan(tolerance);
        expect(Math.abs(losses.meanReward - golden.metrics.reward)).toBeLessThan(tolerance);
        expect(Math.abs(losses.meanAdvantage - golden.metrics.advantage)).toBeLessThan(tolerance);
        const policyGradient = volume(golden.grad_logits_new);
        expect(largestDifference(policy.gradient, policyGradient)).toBeLessThan(
          tolerance * tf.max(tf.abs(policyGradient)).dataSync()[0]!,
        );

        // The published head weights do not sum to 1; ours are the same ones, normalised (method.md 12).
        const weightSum = golden.deep_supervision_weights_in_reference.reduce(
          (a: number, b: number) => a + b,
          0,
        );
        const critic = criticLoss(valueLogits, reward);
        const values = readNumbers(stackNumbers({ ...critic.metrics }));
        expect(Math.abs(values.criticLoss * weightSum - golden.critic_loss)).toBeLessThan(tolerance);
        expect(Math.abs(values.meanValue - golden.metrics.v)).toBeLessThan(tolerance);
        for (const [head, gradient] of critic.gradients.entries()) {
          const expected = tf.expandDims(map(golden.grad_value_logits[head]), -1);
          expect(largestDifference(tf.mul(gradient, weightSum), expected)).toBeLessThan(
            tolerance * tf.max(tf.abs(expected)).dataSync()[0]!,
          );
        }
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});
