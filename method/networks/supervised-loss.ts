/** Cross entropy + soft Dice on logits, with the gradient in closed form (method.md 12: logits, no second softmax). */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';

/** Keeps the Dice of a class that is absent from both sides at 1. */
const SMOOTHING = 1e-5;

/** A loss with its gradient by the logits; the caller disposes both. */
export interface LossTensors {
  readonly loss: tf.Scalar;
  readonly gradient: tf.Tensor5D;
}

/**
 * Loss = mean cross entropy over voxels + 1 - mean over foreground classes of the soft Dice 2 sum(p g) / (sum p + sum g), taken
 * over the whole batch. `logits` is [batch, time, row, column, classes], `labels` int32 [batch, time, row, column] in
 * 0..classes-1, class 0 being background.
 * @throws DomainError GeometryMismatch when the shapes do not fit.
 */
export function supervisedLoss(logits: tf.Tensor5D, labels: tf.Tensor4D): LossTensors {
  const classes = logits.shape[4];
  if (classes < 2 || !tf.util.arraysEqual(labels.shape, logits.shape.slice(0, 4))) {
    throw new DomainError(
      'GeometryMismatch',
      `The loss needs logits [batch, time, row, column, 2 or more classes] and labels of the same grid, got [${logits.shape}] and [${labels.shape}].`,
    );
  }
  const voxels = labels.size;
  const [loss, gradient] = tf.tidy(() => {
    const logProbability = tf.logSoftmax(tf.reshape(logits, [voxels, classes]));
    const probability = tf.exp(logProbability);
    const truth = tf.cast(tf.oneHot(tf.reshape(labels, [voxels]), classes), 'float32');
    const crossEntropy = tf.div(tf.neg(tf.sum(tf.mul(truth, logProbability))), voxels);

    const size = tf.add(tf.sum(probability, 0), tf.sum(truth, 0));
    const denominator = tf.add(size, SMOOTHING);
    const dice = tf.div(tf.add(tf.mul(tf.sum(tf.mul(probability, truth), 0), 2), SMOOTHING), denominator);
    // [0, 1, 1, ...] / (classes - 1): the mean over foreground classes.
    const share = tf.tensor1d(
      Array.from({ length: classes }, (_, label) => (label === 0 ? 0 : 1 / (classes - 1))),
    );
    const loss = tf.sub(tf.add(crossEntropy, 1), tf.sum(tf.mul(dice, share)));

    // By probability: d Dice / dp = (2 g - Dice) / denominator; then through the softmax.
    const byProbability = tf.mul(tf.sub(dice, tf.mul(truth, 2)), tf.div(share, denominator));
    const mean = tf.sum(tf.mul(probability, byProbability), 1, true);
    const diceGradient = tf.mul(probability, tf.sub(byProbability, mean));
    const gradient = tf.add(tf.div(tf.sub(probability, truth), voxels), diceGradient);
    return [loss as tf.Scalar, tf.reshape(gradient, logits.shape) as tf.Tensor5D] as const;
  });
  return { loss, gradient };
}

/** `supervisedLoss` with the loss as a number of the host, which no recorded step can have. */
export function crossEntropyPlusDice(
  logits: tf.Tensor5D,
  labels: tf.Tensor4D,
): { loss: number; gradient: tf.Tensor5D } {
  const { loss, gradient } = supervisedLoss(logits, labels);
  const value = loss.dataSync()[0]!;
  loss.dispose();
  return { loss: value, gradient };
}
