/**
 * Mild random changes of grey levels for supervised training, the published ones; the grid and so the labels stay as
 * they are.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GreyLevelAugmentation } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { between } from './draws.ts';

/** What a window is changed by: numbers, which a recorded step is given at each call. */
export interface GreyNoise<Scalar = number> {
  /** About the window's mean. */
  readonly contrast: Scalar;
  readonly gain: Scalar;
  /** Standard deviation of the noise. */
  readonly deviation: Scalar;
}

export function drawGreyNoise(
  { contrast, gain, noise }: Pick<GreyLevelAugmentation, 'contrast' | 'gain' | 'noise'>,
  random: RandomStream,
): GreyNoise {
  return {
    contrast: between(contrast, random),
    gain: between(gain, random),
    deviation: noise * random.uniform(),
  };
}

/**
 * Contrast about the window's mean, gain, then Gaussian noise, clipped to [0, 1]: a part of a recorded step. `image` is
 * [batch, time, rows, columns, 1] with values in [0, 1], `standardNoise` of mean 0 and deviation 1 on the same grid;
 * both stay the caller's, who disposes the result.
 */
export function addGreyNoise(
  image: tf.Tensor5D,
  standardNoise: tf.Tensor5D,
  { contrast, gain, deviation }: GreyNoise<tf.Scalar>,
): tf.Tensor5D {
  return tf.tidy(() => {
    const mean = tf.mean(image);
    const changed = tf.mul(tf.add(tf.mul(tf.sub(image, mean), contrast), mean), gain);
    return tf.clipByValue(tf.add(changed, tf.mul(standardNoise, deviation)), 0, 1);
  });
}
