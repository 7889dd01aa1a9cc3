/**
 * A reward network reads an image with a segmentation and says how likely each pixel's label is right (method.md 3, 5.1).
 * This is its input, its objective and its use; the network itself is the shared 3D U-Net.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { UNetShapeConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import type { UNet3D, UNetConfig } from '../networks/unet3d.ts';

/** The U-Net configuration of a reward network: image and label map in, one logit out. */
export function rewardNetworkConfig(shape: UNetShapeConfig): UNetConfig {
  return { ...shape, inputChannels: 2, outputChannels: 1, deepSupervision: false };
}

/**
 * Input of a reward network, [batch, time, rows, columns, 2]: the image and the label map as the numbers 0, 1, 2.
 *
 * `image` is [batch, time, rows, columns, 1] in [0, 1], `labelMap` [batch, time, rows, columns]. The caller disposes it.
 * @throws GeometryMismatch when the two are not on the same grid.
 */
export function rewardInput(image: tf.Tensor5D, labelMap: tf.Tensor4D): tf.Tensor5D {
  if (!tf.util.arraysEqual(image.shape, [...labelMap.shape, 1])) {
    throw new DomainError(
      'GeometryMismatch',
      `A reward network needs image and label map on one grid: found an image of [${image.shape}] and a label map of ` +
        `[${labelMap.shape}]. Segment the preprocessed image, not the original.`,
    );
  }
  return tf.tidy(() => tf.concat([image, tf.expandDims(tf.cast(labelMap, 'float32'), -1)], 4) as tf.Tensor5D);
}

/**
 * Mean squared error of sigmoid(logits) against the map of right pixels, with its gradient by the logits (method.md 5.1).
 * `logits` is [batch, time, rows, columns, 1], `correct` [batch, time, rows, columns] in [0, 1]. The caller disposes
 * the gradient.
 */
export function rewardLossAndGradient(
  logits: tf.Tensor5D,
  correct: tf.Tensor4D,
): { loss: number; gradient: tf.Tensor5D } {
  const { squared, gradient } = tf.tidy(() => {
    const probability = tf.sigmoid(logits);
    const error = tf.sub(probability, tf.expandDims(tf.cast(correct, 'float32'), -1));
    // d/dz mean((p - y)^2) = 2 (p - y) p (1 - p) / n
    const slope = tf.mul(tf.mul(error, probability), tf.sub(1, probability));
    return { squared: tf.mean(tf.square(error)), gradient: tf.mul(slope, 2 / logits.size) as tf.Tensor5D };
  });
  const loss = squared.dataSync()[0]!;
  squared.dispose();
  return { loss, gradient };
}

/** The loss of `rewardLossAndGradient` alone, for windows that are judged and not trained on. */
export function rewardLoss(logits: tf.Tensor5D, correct: tf.Tensor4D): number {
  const squared = tf.tidy(() => {
    const error = tf.sub(tf.sigmoid(logits), tf.expandDims(tf.cast(correct, 'float32'), -1));
    return tf.mean(tf.square(error));
  });
  const loss = squared.dataSync()[0]!;
  squared.dispose();
  return loss;
}

/**
 * Reward of every pixel, [batch, time, rows, columns]: the probability sigmoid(logit / temperature) that its label is
 * right. Not scaled per frame. The caller disposes it.
 *
 * `temperature` is that of the network's own calibration, 1 where it has none (method.md 5.3).
 */
export function rewardMapOf(
  network: UNet3D,
  temperature: number,
  image: tf.Tensor5D,
  labelMap: tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => {
    const logits = network.forward(rewardInput(image, labelMap));
    return tf.sigmoid(tf.div(tf.squeeze(logits, [4]), temperature)) as tf.Tensor4D;
  });
}
