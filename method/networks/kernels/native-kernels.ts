/** Network kernels on native TensorFlow: one call each instead of a dozen tfjs operations, and no tape. */
import * as tf from '@tensorflow/tfjs-core';
import { attributeOf, type NativeBackend, type OpAttribute } from '../../../recorded/native-backend.ts';
import type { Axes3, NormActivation, NormActivationGradient, Padding } from './kernel-interface.ts';
import { NativeNorm } from './native-norm.ts';
import { PortableKernels } from './portable-kernels.ts';

/** With fewer channels the fused norm adds up a channel's voxels one after the other, which loses digits in float32. */
const FUSED_NORM_CHANNELS = 4;

export class NativeKernels extends PortableKernels {
  readonly #backend: NativeBackend;
  readonly #norm: NativeNorm;
  readonly #convolutions = new Map<string, readonly OpAttribute[]>();

  constructor(backend: NativeBackend) {
    super();
    this.#backend = backend;
    this.#norm = new NativeNorm(backend);
  }

  override convolve(x: tf.Tensor5D, filter: tf.Tensor5D, strides: Axes3, padding: Padding): tf.Tensor5D {
    const attributes = this.#attributes(strides, padding);
    return this.#backend.executeSingleOutput('Conv3D', attributes, [x, filter]) as tf.Tensor5D;
  }

  override convolveInputGradient(
    dy: tf.Tensor5D,
    filter: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    inputShape: readonly number[],
  ): tf.Tensor5D {
    const attributes = [...this.#attributes(strides, padding), attributeOf.int32('Tshape')];
    const shape = tf.tensor1d([...inputShape], 'int32');
    const result = this.#backend.executeSingleOutput('Conv3DBackpropInputV2', attributes, [
      shape,
      filter,
      dy,
    ]);
    shape.dispose();
    return result as tf.Tensor5D;
  }

  override convolveFilterGradient(
    x: tf.Tensor5D,
    dy: tf.Tensor5D,
    strides: Axes3,
    padding: Padding,
    filterShape: readonly number[],
  ): tf.Tensor5D {
    const attributes = this.#attributes(strides, padding);
    const shape = tf.tensor1d([...filterShape], 'int32');
    const result = this.#backend.executeSingleOutput('Conv3DBackpropFilterV2', attributes, [x, shape, dy]);
    shape.dispose();
    return result as tf.Tensor5D;
  }

  override normActivate(x: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): NormActivation {
    return x.shape[4] < FUSED_NORM_CHANNELS
      ? super.normActivate(x, scale, offset)
      : this.#norm.activate(x, scale, offset);
  }

  override normActivateGradient(
    dy: tf.Tensor5D,
    x: tf.Tensor5D,
    scale: tf.Tensor1D,
    forward: NormActivation,
  ): NormActivationGradient {
    return x.shape[4] < FUSED_NORM_CHANNELS
      ? super.normActivateGradient(dy, x, scale, forward)
      : this.#norm.gradient(dy, x, scale, forward);
  }

  #attributes(strides: Axes3, padding: Padding): readonly OpAttribute[] {
    const key = `${strides}${padding}`;
    let attributes = this.#convolutions.get(key);
    if (!attributes) {
      const { float32, integers, text } = attributeOf;
      attributes = [
        float32('T'),
        integers('strides', [1, ...strides, 1]),
        text('padding', padding.toUpperCase()),
        text('data_format', 'NDHWC'),
        integers('dilations', [1, 1, 1, 1, 1]),
      ];
      this.#convolutions.set(key, attributes);
    }
    return attributes;
  }
}
