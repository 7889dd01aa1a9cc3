/**
 * The forward and backward pass of a step of the shape autoencoder's training (method.md 4.2), part of a recorded step.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LossAndGradients } from '../../networks/training-step.ts';
import type { ShapeAutoencoder } from './autoencoder.ts';
import {
  type AttributePairs,
  attributeLoss,
  divergenceLoss,
  reconstructionLoss,
} from './autoencoder-loss.ts';

/**
 * The whole objective with its gradients; `dice` is the mean soft Dice of the foreground labels, `attributeLoss` the
 * attributes' part of the loss. `masks` are [batch, 1, maskSize, maskSize, 3], `noise` is standard normal, [batch,
 * latentDimensions]; arguments stay the caller's.
 */
export function autoencoderPass(
  autoencoder: ShapeAutoencoder,
  masks: tf.Tensor5D,
  noise: tf.Tensor2D,
  pairs: AttributePairs,
): LossAndGradients {
  const { config } = autoencoder;
  const pass = autoencoder.forwardForTraining(masks, noise);
  const reconstruction = reconstructionLoss(pass.logits, masks, config);
  const divergence = divergenceLoss(pass.posterior, config.divergenceWeight);
  const attribute = attributeLoss(pass.posterior.mean, pairs);
  const mean = tf.add(divergence.gradient.mean, attribute.gradient) as tf.Tensor2D;
  const { logVariance } = divergence.gradient;
  const gradients = pass.backward(reconstruction.gradient, { mean, logVariance });
  pass.dispose();
  const loss = tf.tidy(() => tf.addN([reconstruction.loss, divergence.loss, attribute.loss])) as tf.Scalar;
  tf.dispose([reconstruction.gradient, divergence.gradient.mean, logVariance, attribute.gradient, mean]);
  tf.dispose([reconstruction.loss, divergence.loss]);
  return { loss, gradients, numbers: { dice: reconstruction.dice, attributeLoss: attribute.loss } };
}
