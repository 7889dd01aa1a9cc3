/** A window of an annotated video as supervised training is shown it: drawn and changed at random. */
import * as tf from '@tensorflow/tfjs-core';
import type { AugmentationConfig } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { drawSeed, standardNormal } from '../networks/kernels/noise.ts';
import {
  drawLabelledWindow,
  type LabelledWindowSource,
  type WindowPlace,
  windowImage,
  windowLabels,
} from '../windows/training-windows.ts';
import { augmentWindow } from './augment-window.ts';
import type { EffectStreams } from './draws.ts';
import { addGreyNoise, drawGreyNoise, type GreyNoise } from './grey-noise.ts';

/** The published noise is drawn, and added on the device, by the step that the window is for (`noisy`). */
export interface AnnotatedWindow {
  /** Grey levels in [0, 1], [1, time, rows, columns, 1]. */
  readonly image: tf.Tensor5D;
  /** int32 [1, time, rows, columns], UNKNOWN where nobody drew. */
  readonly labels: tf.Tensor4D;
  readonly noise: GreyNoise;
  readonly noiseSeed: tf.Tensor1D;
}

export interface AnnotatedWindowOptions {
  readonly windows: LabelledWindowSource;
  readonly augmentation: AugmentationConfig;
  /** Side of the square pixels of the windows. */
  readonly spacingMm: number;
  /** Frames of a window. */
  readonly windowFrames: number;
}

/**
 * A window at random. The caller disposes the tensors (`disposeAnnotated`).
 * @param random draws the window and the published noise; `streams` draw the other changes
 */
export function drawAnnotatedWindow(
  options: AnnotatedWindowOptions,
  random: RandomStream,
  streams: EffectStreams,
): AnnotatedWindow {
  const place = drawLabelledWindow(options.windows, options.windowFrames, random);
  return annotatedWindowAt(place, options, random, streams);
}

/** The window at a place; as `drawAnnotatedWindow` otherwise. */
export function annotatedWindowAt(
  place: WindowPlace,
  { windows, augmentation, spacingMm, windowFrames: frames }: AnnotatedWindowOptions,
  random: RandomStream,
  streams: EffectStreams,
): AnnotatedWindow {
  const rows = windows.rows(place.video);
  const columns = windows.columns(place.video);
  const drawn = {
    frames,
    rows,
    columns,
    spacingMm,
    image: windowImage(windows, place, frames),
    labels: windowLabels(windows, place, frames),
  };
  const changed = augmentWindow(drawn, augmentation, streams);
  return {
    image: tf.tensor5d(changed.image, [1, frames, rows, columns, 1], 'float32'),
    labels: tf.tensor4d(changed.labels, [1, frames, rows, columns], 'int32'),
    noise: drawGreyNoise(augmentation.greyLevels, random),
    noiseSeed: drawSeed(random),
  };
}

/** A window with its noise: a part of a recorded step. The caller disposes the result. */
export function noisy(image: tf.Tensor5D, noise: GreyNoise<tf.Scalar>, seed: tf.Tensor1D): tf.Tensor5D {
  return tf.tidy(() => addGreyNoise(image, standardNormal<tf.Rank.R5>(image.shape, seed), noise));
}

export function disposeAnnotated({ image, labels, noiseSeed }: AnnotatedWindow): void {
  tf.dispose([image, labels, noiseSeed]);
}
