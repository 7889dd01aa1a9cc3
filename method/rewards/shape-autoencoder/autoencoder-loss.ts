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
    const probability = tf.softmax(logits);
    // log softmax by hand: stable, and its gradient is not needed from a tape.
    const shifted = tf.sub(logits, tf.max(logits, -1, true));
    const logProbability = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
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

/**
 * weight * sum over attributes of the mean over pairs of |tanh(delta * latent difference) - sign(attribute
 * difference)|, with its gradient by the latent means. Pairs in which an attribute could not be measured are left out.
 *
 * `means` is [batch, latentDimensions], row-major, as is the gradient.
 */
export function attributeLoss(
  means: Float32Array,
  attributes: readonly AttributeValues[],
  weight: number,
): { loss: number; gradient: Float32Array } {
  const batch = attributes.length;
  const dimensions = means.length / batch;
  const gradient = new Float32Array(means.length);
  let loss = 0;
  for (let a = 0; a < attributeDimensions.length; a++) {
    const measured = [];
    for (let i = 0; i < batch; i++) if (!Number.isNaN(attributes[i]![a]!)) measured.push(i);
    const scale = weight / Math.max(measured.length, 1) ** 2;
    for (const i of measured) {
      for (const j of measured) {
        const bounded = Math.tanh(DELTA * (means[i * dimensions + a]! - means[j * dimensions + a]!));
        const error = bounded - Math.sign(attributes[i]![a]! - attributes[j]![a]!);
        loss += scale * Math.abs(error);
        // Twice: the pair (j, i) has the same derivative by the latent of i.
        gradient[i * dimensions + a]! += 2 * scale * Math.sign(error) * (1 - bounded * bounded) * DELTA;
      }
    }
  }
  return { loss, gradient };
}
