/** Which cubes of a window are hidden, and the loss of what is made up for them. */
import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '../../ground/random.ts';
import { shuffled } from '../../ground/random.ts';

export interface MaskSettings {
  /** Size of a cube in frames, rows and columns. */
  readonly cube: readonly [number, number, number];
  /** Share of the cubes that are hidden. */
  readonly ratio: number;
}

export interface WindowSize {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** 1 where a voxel is hidden, [frames, rows, columns]; cubes at the ends of an axis may be cut. */
export function hiddenCubes(
  size: WindowSize,
  { cube, ratio }: MaskSettings,
  random: RandomStream,
): Float32Array {
  const { frames, rows, columns } = size;
  const counts = [frames, rows, columns].map((length, axis) => Math.ceil(length / cube[axis]!));
  const [times, ups, acrosses] = counts as [number, number, number];
  const cubes = Array.from({ length: times * ups * acrosses }, (_, index) => index);
  const hidden = new Set(shuffled(cubes, random).slice(0, Math.round(ratio * cubes.length)));
  const mask = new Float32Array(frames * rows * columns);
  let at = 0;
  for (let t = 0; t < frames; t++) {
    for (let r = 0; r < rows; r++) {
      const row = (Math.floor(t / cube[0]) * ups + Math.floor(r / cube[1])) * acrosses;
      for (let c = 0; c < columns; c++, at++) if (hidden.has(row + Math.floor(c / cube[2]))) mask[at] = 1;
    }
  }
  return mask;
}

/** 1 inside the sector, [frames, rows, columns]: where any frame of the window shows something. */
export function sectorOf(image: Float32Array, { frames, rows, columns }: WindowSize): Float32Array {
  const pixels = rows * columns;
  const shown = new Uint8Array(pixels);
  for (let i = 0; i < image.length; i++) if (image[i]! > 0) shown[i % pixels] = 1;
  return Float32Array.from({ length: frames * pixels }, (_, i) => shown[i % pixels]!);
}

/**
 * Mean squared error over the voxels that count (1 in `counted`), with its gradient by `made`; all [batch, time, row,
 * column, 1]. The caller disposes both; a part of a recorded step.
 */
export function reconstructionLoss(
  made: tf.Tensor5D,
  image: tf.Tensor5D,
  counted: tf.Tensor5D,
): { loss: tf.Scalar; gradient: tf.Tensor5D } {
  const [loss, gradient] = tf.tidy(() => {
    const count = tf.maximum(tf.sum(counted), 1);
    const error = tf.mul(tf.sub(made, image), counted);
    return [tf.div(tf.sum(tf.square(error)), count), tf.mul(error, tf.div(2, count))];
  });
  return { loss: loss as tf.Scalar, gradient: gradient as tf.Tensor5D };
}
