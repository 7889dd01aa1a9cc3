/** Mild random changes of grey levels for supervised training; the grid and so the labels stay as they are. */
import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '../../ground/random.ts';

/** Ranges are gentle: they widen the source, the adaptation to the target is the rewards' work. */
const contrastRange = [0.75, 1.25] as const;
const gainRange = [0.8, 1.2] as const;
const largestNoise = 0.05;

/**
 * Contrast about the window's mean, gain, then Gaussian noise of a random strength, clipped to [0, 1]. `image` is
 * [batch, time, rows, columns, 1] with values in [0, 1] and stays the caller's; the caller disposes the result.
 */
export function augmentIntensities(image: tf.Tensor5D, random: RandomStream): tf.Tensor5D {
  const within = ([low, high]: readonly [number, number]) => low + (high - low) * random.uniform();
  const contrast = within(contrastRange);
  const gain = within(gainRange);
  const deviation = largestNoise * random.uniform();
  const noise = Float32Array.from({ length: image.size }, () => deviation * random.normal());
  return tf.tidy(() => {
    const mean = tf.mean(image);
    const changed = tf.mul(tf.add(tf.mul(tf.sub(image, mean), contrast), mean), gain);
    return tf.clipByValue(tf.add(changed, tf.tensor5d(noise, image.shape)), 0, 1);
  });
}
