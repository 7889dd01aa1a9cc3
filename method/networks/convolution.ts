/**
 * Convolutions of the U-Net with symmetric padding (method.md 3), forward and backward. TensorFlow's "same" pads
 * strided convolutions on one side, so those are padded explicitly and convolved "valid".
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Axes3, Padding } from './kernels/kernel-interface.ts';
import { networkKernels } from './kernels/kernels.ts';

type Pads = [[number, number], [number, number], [number, number], [number, number], [number, number]];

/** How one convolution is run. */
interface Geometry {
  /** Padding of the input before the kernel runs; none where the kernel pads by itself. */
  readonly pads: Pads | undefined;
  readonly padding: Padding;
  /** Taps of the filter along time that meet data at all: with one output frame the others only meet padding. */
  readonly firstTap: number;
  readonly taps: number;
}

/**
 * Samples before and after one axis that a convolution reads beyond it, as symmetric padding floor((k - s + 1) / 2)
 * asks for; trailing ones that no window reaches are left out.
 */
function paddingOf(size: number, kernel: number, stride: number): [before: number, after: number] {
  const before = Math.floor((kernel - stride + 1) / 2);
  return [before, Math.max(0, (windowsOf(size, kernel, stride) - 1) * stride + kernel - size - before)];
}

function windowsOf(size: number, kernel: number, stride: number): number {
  return Math.floor((size + 2 * Math.floor((kernel - stride + 1) / 2) - kernel) / stride) + 1;
}

function geometryOf(inputShape: readonly number[], filterShape: readonly number[], strides: Axes3): Geometry {
  const pads = ([0, 1, 2] as const).map((axis) =>
    paddingOf(inputShape[axis + 1]!, filterShape[axis]!, strides[axis]),
  ) as [[number, number], [number, number], [number, number]];
  let firstTap = 0;
  let taps = filterShape[0]!;
  if (windowsOf(inputShape[1]!, taps, strides[0]) === 1) {
    firstTap = pads[0][0];
    taps -= pads[0][0] + pads[0][1];
    pads[0] = [0, 0];
  }
  return strides.every((stride) => stride === 1)
    ? { pads: undefined, padding: 'same', firstTap, taps }
    : { pads: [[0, 0], ...pads, [0, 0]], padding: 'valid', firstTap, taps };
}

/** x [batch, time, row, column, in] with filter [time, row, column, in, out]; odd kernels. */
export function convolve(x: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3): tf.Tensor5D {
  const { pads, padding, firstTap, taps } = geometryOf(x.shape, filter.shape, strides);
  return tf.tidy(() =>
    networkKernels().convolve(
      pads ? tf.pad(x, pads) : x,
      taps === filter.shape[0] ? filter : tf.slice(filter, firstTap, taps),
      strides,
      padding,
    ),
  );
}

/** Gradient of `convolve` by its input of shape `inputShape`. */
export function convolveInputGradient(
  dy: tf.Tensor5D,
  filter: tf.Tensor5D,
  strides: Axes3,
  inputShape: tf.Tensor5D['shape'],
): tf.Tensor5D {
  const { pads, padding, firstTap, taps } = geometryOf(inputShape, filter.shape, strides);
  return tf.tidy(() => {
    const used = taps === filter.shape[0] ? filter : tf.slice(filter, firstTap, taps);
    const paddedShape = inputShape.map((size, axis) => size + (pads ? pads[axis]![0] + pads[axis]![1] : 0));
    const padded = networkKernels().convolveInputGradient(dy, used, strides, padding, paddedShape);
    if (!pads) return padded;
    return tf.slice(
      padded,
      pads.map(([before]) => before),
      inputShape,
    );
  });
}

/** Gradient of `convolve` by its filter. */
export function convolveFilterGradient(
  x: tf.Tensor5D,
  dy: tf.Tensor5D,
  strides: Axes3,
  filterShape: tf.Tensor5D['shape'],
): tf.Tensor5D {
  const { pads, padding, firstTap, taps } = geometryOf(x.shape, filterShape, strides);
  return tf.tidy(() => {
    const [frames, ...rest] = filterShape;
    const padded = pads ? tf.pad(x, pads) : x;
    const used = networkKernels().convolveFilterGradient(padded, dy, strides, padding, [taps, ...rest]);
    if (taps === frames) return used;
    return tf.pad(used, [
      [firstTap, frames - firstTap - taps],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
}

/**
 * Transposed convolution whose kernel is its stride: each input voxel becomes one block of outputs. Filter
 * [time, row, column, out, in].
 */
export function upsample(x: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3): tf.Tensor5D {
  const [batch, frames, rows, columns] = x.shape;
  const shape = [batch, frames * strides[0], rows * strides[1], columns * strides[2], filter.shape[3]];
  return networkKernels().convolveInputGradient(x, filter, strides, 'valid', shape);
}

/** Gradient of `upsample` by its input. */
export function upsampleInputGradient(dy: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3): tf.Tensor5D {
  return networkKernels().convolve(dy, filter, strides, 'valid');
}

/** Gradient of `upsample` by its filter. */
export function upsampleFilterGradient(
  x: tf.Tensor5D,
  dy: tf.Tensor5D,
  strides: Axes3,
  filterShape: tf.Tensor5D['shape'],
): tf.Tensor5D {
  return networkKernels().convolveFilterGradient(dy, x, strides, 'valid', filterShape);
}
