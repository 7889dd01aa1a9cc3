/**
 * The ways in which a good prediction is spoilt so that a reward network sees mistakes whose place is known
 * (method.md 4.3): noise on the policy's weights, lower contrast, noise on the image.
 */

import type { RandomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';

/**
 * A copy of all weights of a network with Gaussian noise of the given standard deviation added to each.
 * Start every call from the unperturbed weights, or the noise adds up.
 */
export function perturbWeights(
  weights: NamedArrays,
  standardDeviation: number,
  random: RandomStream,
): NamedArrays {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((weight) => weight + standardDeviation * random.normal()) },
    ]),
  );
}

/** The video blended with the mean grey level of each of its frames: `factor` 1 changes nothing, 0 leaves the mean. */
export function reduceContrast(video: GreyVideo, factor: number): GreyVideo {
  const pixels = video.rows * video.columns;
  const intensities = new Float32Array(video.intensities.length);
  for (let start = 0; start < intensities.length; start += pixels) {
    let sum = 0;
    for (let i = start; i < start + pixels; i++) sum += video.intensities[i]!;
    const mean = sum / pixels;
    for (let i = start; i < start + pixels; i++) {
      const blended = factor * video.intensities[i]! + (1 - factor) * mean;
      intensities[i] = Math.min(Math.max(blended, 0), 1);
    }
  }
  return { ...video, intensities };
}

/**
 * The video with Gaussian noise on every grey level, divided by the largest value so that it ends at 1 again. Grey
 * levels below 0 are kept, as published: the result is what a policy is shown, not an image to store.
 */
export function addImageNoise(video: GreyVideo, standardDeviation: number, random: RandomStream): GreyVideo {
  const intensities = video.intensities.map((level) => level + standardDeviation * random.normal());
  let maximum = 0;
  for (const level of intensities) if (level > maximum) maximum = level;
  if (maximum > 0) for (let i = 0; i < intensities.length; i++) intensities[i]! /= maximum;
  return { ...video, intensities };
}
