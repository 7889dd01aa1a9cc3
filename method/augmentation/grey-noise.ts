/**
 * Mild random changes of grey levels for supervised training, the published ones; the grid and so the labels stay as
 * they are.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GreyLevelAugmentation } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { between } from './draws.ts';

/**
 * Contrast about the window's mean, gain, then Gaussian noise of a random strength, clipped to [0, 1]. `image` is
 * [batch, time, rows, columns, 1] with values in [0, 1] and stays the caller's; the caller disposes the result.
 */
export function addGreyNoise(
  image: tf.Tensor5D,
  config: Pick<GreyLevelAugmentation, 'contrast' | 'gain' | 'noise'>,
  random: RandomStream,
): tf.Tensor5D {
  const contrast = between(config.contrast, random);
  const gain = between(config.gain, random);
  const deviation = config.noise * random.uniform();
  const noise = Float32Array.from({ length: image.size }, () => deviation * random.normal());
  return tf.tidy(() => {
    const mean = tf.mean(image);
    const changed = tf.mul(tf.add(tf.mul(tf.sub(image, mean), contrast), mean), gain);
    return tf.clipByValue(tf.add(changed, tf.tensor5d(noise, image.shape)), 0, 1);
  });
}
