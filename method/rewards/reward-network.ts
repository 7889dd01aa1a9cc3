/**
 * A reward network reads an image with a segmentation and says how likely each pixel's label is right (method.md 3,
 * 5.1). This is its kinds, its checkpoint, its input and its objective; the network itself is the shared 3D U-Net.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { UNetShapeConfig } from '../../contracts/network-shape.ts';
import { DomainError, namingOrigin } from '../../ground/errors.ts';
import { decodeNetwork, type NetworkKind } from '../networks/network-checkpoint.ts';
import type { LossTensors } from '../networks/supervised-loss.ts';
import type { UNet3D, UNetConfig } from '../networks/unet3d.ts';

export const rewardKinds = ['anatomical-reward', 'landmark-reward'] as const satisfies NetworkKind[];
export type RewardKind = (typeof rewardKinds)[number];

export interface RewardNetwork {
  readonly kind: RewardKind;
  readonly network: UNet3D;
  /** T of method.md 5.3; 1 for the landmark network, which is not scaled. */
  readonly temperature: number;
}

/** A stored reward network. */
export interface RewardCheckpoint {
  readonly bytes: Uint8Array;
  /** File or key, for messages. */
  readonly origin: string;
  /** The kind that it has to be of; any when left out. */
  readonly kind?: RewardKind;
  /** Temperature of an anatomical network; what its metadata says when left out. */
  readonly temperature?: number;
}

/**
 * The network of a checkpoint; the caller disposes it.
 * @throws DomainError CheckpointIncompatible naming the origin.
 */
export function decodeRewardNetwork(checkpoint: RewardCheckpoint): RewardNetwork {
  const { bytes, origin } = checkpoint;
  const { network, kind, metadata } = namingOrigin(origin, () =>
    decodeNetwork(bytes, checkpoint.kind ?? rewardKinds),
  );
  const stated = checkpoint.temperature ?? Number(metadata.temperature ?? 1);
  const temperature = kind === 'anatomical-reward' ? stated : 1;
  if (temperature > 0 && Number.isFinite(temperature)) return { kind, network, temperature };
  network.dispose();
  throw new DomainError(
    'CheckpointIncompatible',
    `${origin}: expected a temperature above 0 in the checkpoint's metadata, found "${metadata.temperature}". Save it again with this software.`,
  );
}

/** The U-Net configuration of a reward network: image and label map in, one logit out. */
export function rewardNetworkConfig(shape: UNetShapeConfig): UNetConfig {
  return { ...shape, inputChannels: 2, outputChannels: 1, deepSupervision: false };
}

/**
 * Input of a reward network, [batch, time, rows, columns, 2]: the image and the label map as the numbers 0, 1, 2.
 *
 * `image` is [batch, time, rows, columns, 1] in [0, 1], `labelMap` [batch, time, rows, columns]. The caller disposes
 * it.
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
 * Mean squared error of sigmoid(logits) against the map of right pixels, with its gradient by the logits (method.md
 * 5.1). `logits` is [batch, time, rows, columns, 1], `correct` [batch, time, rows, columns] in [0, 1]. The caller
 * disposes both.
 */
export function rewardLossAndGradient(logits: tf.Tensor5D, correct: tf.Tensor4D): LossTensors {
  return tf.tidy(() => {
    const probability = tf.sigmoid(logits);
    const error = tf.sub(probability, tf.expandDims(tf.cast(correct, 'float32'), -1));
    // d/dz mean((p - y)^2) = 2 (p - y) p (1 - p) / n
    const slope = tf.mul(tf.mul(error, probability), tf.sub(1, probability));
    return {
      loss: tf.mean(tf.square(error)) as tf.Scalar,
      gradient: tf.mul(slope, 2 / logits.size) as tf.Tensor5D,
    };
  });
}

/**
 * The loss of `rewardLossAndGradient` alone, for windows that are judged and not trained on. The caller disposes it.
 */
export function rewardLoss(logits: tf.Tensor5D, correct: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const error = tf.sub(tf.sigmoid(logits), tf.expandDims(tf.cast(correct, 'float32'), -1));
    return tf.mean(tf.square(error)) as tf.Scalar;
  });
}
