/** The objective of the shape autoencoder with its gradients (method.md 4.2). */
import * as tf from '@tensorflow/tfjs-core';
import type { ShapeAutoencoderConfig } from '../../../contracts/run-config.ts';
import type { Posterior } from './autoencoder.ts';
import { type AttributeValues, attributeDimensions } from './shape-attributes.ts';

/** Keeps Dice defined for a label that is in neither mask. */
const DICE_SMOOTHING = 1e-5;
/** Spread of the monotonic loss (AR-VAE, arXiv 2004.05485). */
const DELTA = 1;

type Weights = Pick<ShapeAutoencoderConfig, 'crossEntropyWeight' | 'diceWeight'>;

/**
 * crossEntropyWeight * cross entropy + diceWeight * (1 - soft Dice of the foreground labels, mean over frames), with
 * its gradient by the logits. `logits` and one-hot `masks` are [batch, 1, rows, columns, 3]. The caller disposes both
 * results.
 */
export function reconstructionLoss(
  logits: tf.Tensor5D,
  masks: tf.Tensor5D,
  { crossEntropyWeight, diceWeight }: Weights,
): { loss: tf.Scalar; dice: tf.Scalar; gradient: tf.Tensor5D } {
  return tf.tidy(() => {
    const batch = logits.shape[0];
    const pixels = logits.size / logits.shape[4];
    const logProbability = tf.logSoftmax(logits);
    const probability = tf.exp(logProbability);
    const crossEntropy = tf.div(tf.neg(tf.sum(tf.mul(masks, logProbability))), pixels);
    const entropyGradient = tf.mul(tf.sub(probability, masks), crossEntropyWeight / pixels);

    // One Dice per frame and foreground label.
    const frameAxes = [1, 2, 3];
    const shared = tf.sum(tf.mul(probability, masks), frameAxes, true);
    const sizes = tf.add(tf.sum(tf.add(probability, masks), frameAxes, true), DICE_SMOOTHING);
    const scores = tf.div(tf.add(tf.mul(shared, 2), DICE_SMOOTHING), sizes);
    const foreground = tf.tensor([0, 1, 1], [1, 1, 1, 1, 3]);
    const share = 1 / (2 * batch);
    const dice = tf.mul(tf.sum(tf.mul(scores, foreground)), share);
    const byProbability = tf.mul(
      tf.div(tf.sub(scores, tf.mul(masks, 2)), sizes),
      tf.mul(foreground, diceWeight * share),
    );
    const diceGradient = tf.mul(
      probability,
      tf.sub(byProbability, tf.sum(tf.mul(byProbability, probability), -1, true)),
    );
    return {
      loss: tf.add(
        tf.mul(crossEntropy, crossEntropyWeight),
        tf.mul(tf.sub(1, dice), diceWeight),
      ) as tf.Scalar,
      dice: dice as tf.Scalar,
      gradient: tf.add(entropyGradient, diceGradient) as tf.Tensor5D,
    };
  });
}

/**
 * weight * KL divergence of the posterior from the standard normal (summed over dimensions, mean over the batch) with
 * its gradients. The caller disposes the results.
 */
export function divergenceLoss(
  posterior: Posterior,
  weight: number,
): { loss: tf.Scalar; gradient: Posterior } {
  return tf.tidy(() => {
    const { mean, logVariance } = posterior;
    const scale = weight / mean.shape[0];
    const variance = tf.exp(logVariance);
    const terms = tf.sub(tf.add(tf.square(mean), variance), tf.add(logVariance, 1));
    return {
      loss: tf.mul(tf.sum(terms), 0.5 * scale) as tf.Scalar,
      gradient: {
        mean: tf.mul(mean, scale) as tf.Tensor2D,
        logVariance: tf.mul(tf.sub(variance, 1), 0.5 * scale) as tf.Tensor2D,
      },
    };
  });
}

/** What the attribute term asks of every pair of frames, [attributes, batch, batch]. */
export interface AttributePairs<Values = tf.Tensor3D> {
  /** -1, 0 or 1: how the attribute of the first frame lies to that of the second. */
  readonly order: Values;
  /** Share of the pair in the loss; 0 where one of the two could not be measured. */
  readonly share: Values;
}

/** The pairs of a batch of frames, row-major; pairs in which an attribute could not be measured are left out. */
export function attributePairs(
  attributes: readonly AttributeValues[],
  weight: number,
): AttributePairs<Float32Array> {
  const batch = attributes.length;
  const size = attributeDimensions.length * batch * batch;
  const [order, share] = [new Float32Array(size), new Float32Array(size)];
  for (let a = 0; a < attributeDimensions.length; a++) {
    const values = attributes.map((of) => of[a]!);
    const measured = values.filter((value) => !Number.isNaN(value)).length;
    for (let pair = 0; pair < batch * batch; pair++) {
      const difference = values[Math.floor(pair / batch)]! - values[pair % batch]!;
      if (Number.isNaN(difference)) continue;
      order[a * batch * batch + pair] = Math.sign(difference);
      share[a * batch * batch + pair] = weight / measured ** 2;
    }
  }
  return { order, share };
}

/**
 * weight * sum over attributes of the mean over pairs of |tanh(delta * latent difference) - sign(attribute
 * difference)|, with its gradient by the latent means [batch, latentDimensions]. The caller disposes both results.
 */
export function attributeLoss(
  means: tf.Tensor2D,
  { order, share }: AttributePairs,
): { loss: tf.Scalar; gradient: tf.Tensor2D } {
  return tf.tidy(() => {
    const [batch, dimensions] = means.shape;
    const attributes = order.shape[0];
    const coordinates = tf.transpose(tf.slice(means, [0, 0], [batch, attributes]));
    const difference = tf.sub(tf.expandDims(coordinates, 2), tf.expandDims(coordinates, 1));
    const bounded = tf.tanh(tf.mul(difference, DELTA));
    const error = tf.sub(bounded, order);
    const slope = tf.mul(tf.mul(tf.sign(error), share), tf.sub(1, tf.square(bounded)));
    // Twice: the pair (j, i) has the same derivative by the latent of i.
    const gradient = tf.transpose(tf.mul(tf.sum(slope, 2), 2 * DELTA));
    const ofOthers = tf.zeros([batch, dimensions - attributes]);
    return {
      loss: tf.sum(tf.mul(tf.abs(error), share)) as tf.Scalar,
      gradient: tf.concat([gradient, ofOthers], 1) as tf.Tensor2D,
    };
  });
}
