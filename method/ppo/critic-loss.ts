/** The critic's objective of method.md 6: squared error of V against the reward, at every depth that has a head. */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';

/** Scalars on the device, numbers once they are read. */
export interface CriticLossMetrics<Scalar = number> {
  readonly criticLoss: Scalar;
  /** 1 - Var(r - V) / Var(r), 0 where the reward is constant (1 = the critic explains all of it). */
  readonly explainedVariance: Scalar;
  readonly meanValue: Scalar;
}

/** 1, 1/2, 1/4, ... normalised to sum to 1 (method.md 3; the public code's sum to 0.93 or 0.67, method.md 12). */
export function deepSupervisionWeights(heads: number): number[] {
  const weights = Array.from({ length: heads }, (_, head) => 0.5 ** head);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** V(s) = sigmoid of the finest head without its channel axis, [batch, time, rows, columns]. The caller disposes it. */
export function stateValue(logits: tf.Tensor5D): tf.Tensor4D {
  return tf.tidy(() => tf.sigmoid(tf.squeeze(logits, [4])) as tf.Tensor4D);
}

/**
 * Sum over heads of weight * mean((sigmoid(logits) - r)^2), with the gradient for each head's logits.
 * `outputs`: logits [batch, time, rows, columns, 1], the full grid first, then coarser ones; `reward`: [batch, time,
 * rows, columns] on the full grid, compared with a coarse head at every n-th pixel (nearest neighbour, as published).
 * Nothing is read on the host. The caller disposes gradients and metrics.
 * @throws DomainError GeometryMismatch when a head's grid does not divide the reward's.
 */
export function criticLoss(
  outputs: readonly tf.Tensor5D[],
  reward: tf.Tensor4D,
): { readonly gradients: tf.Tensor5D[]; readonly metrics: CriticLossMetrics<tf.Scalar> } {
  const weights = deepSupervisionWeights(outputs.length);
  return tf.tidy(() => {
    const losses: tf.Scalar[] = [];
    const gradients = outputs.map((logits, head) => {
      const value = stateValue(logits);
      const error = tf.sub(value, everyNth(reward, logits.shape));
      losses.push(tf.mul(tf.mean(tf.square(error)), weights[head]!));
      // d/dz mean((sigmoid(z) - r)^2) = 2 (v - r) v (1 - v) / n
      const slope = tf.mul(tf.mul(error, tf.mul(value, tf.sub(1, value))), (2 * weights[head]!) / error.size);
      return tf.expandDims(slope, -1) as tf.Tensor5D;
    });
    const value = stateValue(outputs[0]!);
    const criticLoss: tf.Scalar = tf.addN(losses);
    const meanValue: tf.Scalar = tf.mean(value);
    const explainedVariance = shareExplained(variance(reward), variance(tf.sub(reward, value)));
    return { gradients, metrics: { criticLoss, explainedVariance, meanValue } };
  });
}

function shareExplained(total: tf.Scalar, residual: tf.Scalar): tf.Scalar {
  const isAny = tf.greater(total, 0);
  const share = tf.sub(1, tf.div(residual, tf.where(isAny, total, tf.onesLike(total))));
  return tf.where(isAny, share, tf.zerosLike(share)) as tf.Scalar;
}

function variance(values: tf.Tensor4D): tf.Scalar {
  return tf.mean(tf.square(tf.sub(values, tf.mean(values))));
}

function everyNth(reward: tf.Tensor4D, shape: readonly number[]): tf.Tensor4D {
  const steps = reward.shape.map((size, axis) => size / shape[axis]!) as [number, number, number, number];
  if (steps.every((step) => step === 1)) return reward;
  if (steps[0] !== 1 || steps.some((step) => !Number.isInteger(step))) {
    throw new DomainError(
      'GeometryMismatch',
      `a critic head has the grid [${shape.slice(0, 4).join(', ')}], which does not divide the reward's grid ` +
        `[${reward.shape.join(', ')}]: windows need rows, columns and frames that are multiples of the network's strides`,
    );
  }
  return tf.stridedSlice(reward, [0, 0, 0, 0], reward.shape, steps) as tf.Tensor4D;
}
