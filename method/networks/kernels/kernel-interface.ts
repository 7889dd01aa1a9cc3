/**
 * The tensor operations that a network is made of, forward and backward. There are two implementations: TensorFlow's
 * fused kernels where the back end is native, and tfjs's own operations elsewhere.
 */
import type * as tf from '@tensorflow/tfjs-core';

/** [time, row, column]. */
export type Axes3 = readonly [number, number, number];

/** `same` is meant for stride 1 and odd kernels only, where it is symmetric. */
export type Padding = 'same' | 'valid';

/** Slope of the leaky ReLU for negative values (method.md 3). */
export const LEAKY_SLOPE = 0.01;
/** Added to the variance by instance normalisation (method.md 3). */
export const NORM_EPSILON = 1e-5;

/** Activations with what their gradient needs besides the input; the caller disposes all of them. */
export interface NormActivation {
  readonly output: tf.Tensor5D;
  readonly saved: readonly tf.Tensor[];
}

export interface NormActivationGradient {
  readonly input: tf.Tensor5D;
  readonly scale: tf.Tensor1D;
  readonly offset: tf.Tensor1D;
}

/**
 * Tensors are [batch, time, row, column, channel], filters [time, row, column, in, out]. Results belong to the caller.
 */
export interface NetworkKernels {
  convolve(x: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3, padding: Padding): tf.Tensor5D;
  /** Gradient of `convolve` by its input, which is also the transposed convolution of `dy`. */
  convolveInputGradient(
    dy: tf.Tensor5D,
    filter: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    inputShape: readonly number[],
  ): tf.Tensor5D;
  convolveFilterGradient(
    x: tf.Tensor5D,
    dy: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    filterShape: readonly number[],
  ): tf.Tensor5D;
  /** Instance norm per sample and channel, scale and offset, leaky ReLU. */
  normActivate(x: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): NormActivation;
  /**
   * Gradient of `normActivate`, given its input and what it returned. Frees `dy` and the output, as soon as it has read
   * them.
   */
  normActivateGradient(
    dy: tf.Tensor5D,
    x: tf.Tensor5D,
    scale: tf.Tensor1D,
    forward: NormActivation,
  ): NormActivationGradient;
}
