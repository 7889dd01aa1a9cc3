/**
 * The consistency of UA-MT (Yu et al., MICCAI 2019): where the teacher is sure enough, the student's probabilities are
 * to be the teacher's. Re-implemented from its published constants.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Inside the logarithm of the entropy, as published. */
const ENTROPY_FLOOR = 1e-6;

/** exp(-5 (1 - x)^2), x clipped to [0, 1]: from 0.007 to 1. */
export function sigmoidRamp(x: number): number {
  return Math.exp(-5 * (1 - Math.min(1, Math.max(0, x))) ** 2);
}

/** Entropy below which a voxel is learned from, by the share of the training that is done, in nats. */
export function entropyThreshold(progress: number, classes: number): number {
  return (0.75 + 0.25 * sigmoidRamp(progress)) * Math.log(classes);
}

/** Probabilities [batch, time, row, column, classes] of logits; a part of a recorded step. */
export function probabilitiesOf(logits: tf.Tensor5D): tf.Tensor5D {
  return tf.tidy(() => tf.exp(tf.logSoftmax(logits)));
}

/** Entropy of probabilities [..., classes], nats, [..., 1]. */
export function entropyOf(probabilities: tf.Tensor5D): tf.Tensor5D {
  return tf.tidy(() => {
    const terms = tf.mul(probabilities, tf.log(tf.add(probabilities, ENTROPY_FLOOR)));
    return tf.neg(tf.sum(terms, 4, true)) as tf.Tensor5D;
  });
}

export interface Consistency {
  readonly loss: tf.Scalar;
  /** By the student's logits. */
  readonly gradient: tf.Tensor5D;
  /** Share of voxels that are learned from. */
  readonly kept: tf.Scalar;
}

/**
 * Sum over kept voxels and classes of the squared difference of the two probabilities, over the number of kept voxels
 * times that of classes. The caller disposes the results; a part of a recorded step.
 * @param uncertainty entropy [..., 1]; voxels at `threshold` and above are left out
 */
export function consistencyLoss(
  studentLogits: tf.Tensor5D,
  teacher: tf.Tensor5D,
  uncertainty: tf.Tensor5D,
  threshold: tf.Scalar,
): Consistency {
  const [loss, gradient, kept] = tf.tidy(() => {
    const classes = teacher.shape[4];
    const keep = tf.cast(tf.less(uncertainty, threshold), 'float32');
    const scale = tf.div(keep, tf.mul(tf.add(tf.sum(keep), 1e-16), classes));
    const student = probabilitiesOf(studentLogits);
    const difference = tf.sub(student, teacher);
    const loss = tf.sum(tf.mul(tf.square(difference), scale));
    const byProbability = tf.mul(difference, tf.mul(scale, 2));
    // Through the softmax: p (g - sum p g).
    const mean = tf.sum(tf.mul(student, byProbability), 4, true);
    return [loss, tf.mul(student, tf.sub(byProbability, mean)), tf.mean(keep)];
  });
  return { loss: loss as tf.Scalar, gradient: gradient as tf.Tensor5D, kept: kept as tf.Scalar };
}
