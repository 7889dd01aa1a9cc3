/**
 * Network kernels from tfjs's own operations: every back end that has the 3D convolution and its gradients (cpu, wasm).
 */
import * as tf from '@tensorflow/tfjs-core';
import type {
  Axes3,
  NetworkKernels,
  NormActivation,
  NormActivationGradient,
  Padding,
} from './kernel-interface.ts';
import { LEAKY_SLOPE, NORM_EPSILON } from './kernel-interface.ts';

/** Mean per sample and channel. Rows first: float32 sums of many thousand terms in a row lose digits. */
function voxelMean(x: tf.Tensor): tf.Tensor {
  return tf.mean(tf.mean(x, 3, true), [1, 2], true);
}

export class PortableKernels implements NetworkKernels {
  convolve(x: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3, padding: Padding): tf.Tensor5D {
    return tf.conv3d(x, filter, [...strides], padding);
  }

  convolveInputGradient(
    dy: tf.Tensor5D,
    filter: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    inputShape: readonly number[],
  ): tf.Tensor5D {
    return tf
      .engine()
      .runKernel(
        'Conv3DBackpropInputV2',
        { dy, filter },
        { pad: padding, strides: [...strides], inputShape: [...inputShape] },
      );
  }

  convolveFilterGradient(
    x: tf.Tensor5D,
    dy: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    filterShape: readonly number[],
  ): tf.Tensor5D {
    return tf
      .engine()
      .runKernel(
        'Conv3DBackpropFilterV2',
        { x, dy },
        { pad: padding, strides: [...strides], filterShape: [...filterShape] },
      );
  }

  normActivate(x: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): NormActivation {
    const [output, mean, inverse] = tf.tidy(() => {
      const mean = voxelMean(x);
      const centred = tf.sub(x, mean);
      const inverse = tf.rsqrt(tf.add(voxelMean(tf.square(centred)), NORM_EPSILON));
      const normalised = tf.add(tf.mul(centred, tf.mul(inverse, scale)), offset);
      return [tf.leakyRelu(normalised, LEAKY_SLOPE) as tf.Tensor5D, mean, inverse] as const;
    });
    return { output, saved: [mean, inverse] };
  }

  normActivateGradient(
    dy: tf.Tensor5D,
    x: tf.Tensor5D,
    scale: tf.Tensor1D,
    forward: NormActivation,
  ): NormActivationGradient {
    const [mean, inverse] = forward.saved as [tf.Tensor5D, tf.Tensor5D];
    return tf.tidy(() => {
      const slope = tf.add(tf.mul(tf.step(forward.output), 1 - LEAKY_SLOPE), LEAKY_SLOPE);
      const dNormalised = tf.mul(dy, slope);
      tf.dispose([dy, forward.output]);
      const standardised = tf.mul(tf.sub(x, mean), inverse);
      const product = tf.mul(dNormalised, standardised);
      const meanGradient = voxelMean(dNormalised);
      const meanProduct = voxelMean(product);
      const voxels = x.shape[1] * x.shape[2] * x.shape[3];
      const input = tf.mul(
        tf.sub(tf.sub(dNormalised, meanGradient), tf.mul(standardised, meanProduct)),
        tf.mul(inverse, scale),
      ) as tf.Tensor5D;
      const overSamples = (means: tf.Tensor): tf.Tensor1D => tf.mul(tf.sum(means, [0, 1, 2, 3]), voxels);
      return { input, scale: overSamples(meanProduct), offset: overSamples(meanGradient) };
    });
  }
}
