/** Cross entropy + soft Dice on logits, with the gradient in closed form (method.md 12: logits, no second softmax). */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import { UNKNOWN } from '../../ground/labels.ts';

/** Keeps the Dice of a class that is absent from both sides at 1. */
const SMOOTHING = 1e-5;

/** A loss with its gradient by the logits; the caller disposes both. */
export interface LossTensors {
  readonly loss: tf.Scalar;
  readonly gradient: tf.Tensor5D;
}

/**
 * Loss = mean cross entropy over voxels + 1 - mean over foreground classes of the soft Dice 2 sum(p g) / (sum p + sum
 * g), taken over the whole batch, over the voxels whose label is known alone: of videos that are annotated in some
 * frames, or in some structures, the rest says nothing. `logits` is [batch, time, row, column, classes], `labels` int32
 * [batch, time, row, column] in 0..classes-1, class 0 being background, or UNKNOWN; where none is known, the loss is 0
 * and so is its gradient. Nothing is read on the host.
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
    const flat = tf.reshape(labels, [voxels]);
    const known = tf.reshape(tf.cast(tf.notEqual(flat, UNKNOWN), 'float32'), [voxels, 1]);
    const count = tf.maximum(tf.sum(known), 1);
    const logProbability = tf.logSoftmax(tf.reshape(logits, [voxels, classes]));
    const probability = tf.mul(tf.exp(logProbability), known);
    // A row of an unknown label is zero.
    const truth = tf.mul(tf.cast(tf.oneHot(flat, classes), 'float32'), known);
    const crossEntropy = tf.div(tf.neg(tf.sum(tf.mul(truth, logProbability))), count);

    const size = tf.add(tf.sum(probability, 0), tf.sum(truth, 0));
    const denominator = tf.add(size, SMOOTHING);
    const dice = tf.div(tf.add(tf.mul(tf.sum(tf.mul(probability, truth), 0), 2), SMOOTHING), denominator);
    // [0, 1, 1, ...] / (classes - 1): the mean over foreground classes.
    const share = tf.tensor1d(
      Array.from({ length: classes }, (_, label) => (label === 0 ? 0 : 1 / (classes - 1))),
    );
    const loss = tf.sub(tf.add(crossEntropy, 1), tf.sum(tf.mul(dice, share)));

    // By probability: d Dice / dp = (2 g - Dice) / denominator; then through the softmax. Zero in unknown rows, as the
    // probabilities there are.
    const byProbability = tf.mul(tf.sub(dice, tf.mul(truth, 2)), tf.div(share, denominator));
    const mean = tf.sum(tf.mul(probability, byProbability), 1, true);
    const diceGradient = tf.mul(probability, tf.sub(byProbability, mean));
    const gradient = tf.add(tf.div(tf.sub(probability, truth), count), diceGradient);
    return [loss as tf.Scalar, tf.reshape(gradient, logits.shape) as tf.Tensor5D] as const;
  });
  return { loss, gradient };
}
