/**
 * Instance norm with leaky ReLU on native TensorFlow: the batch norm of one sample is its instance norm, and TensorFlow
 * has fused kernels for that, forward and backward.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attributeOf, type NativeBackend, type OpAttribute } from '../../../recorded/native-backend.ts';
import type { NormActivation, NormActivationGradient } from './kernel-interface.ts';
import { LEAKY_SLOPE, NORM_EPSILON } from './kernel-interface.ts';

/** Tensors that one sample's forward pass hands to its gradient. */
const SAVED_PER_SAMPLE = 3;

/**
 * On processors, elements of a sample from which the fused kernel over two axes (vectorised, slow to start, sums in
 * long runs) beats moments by row followed by the kernel over three axes (quick to start, exact to the last digits).
 */
const PLANAR_ELEMENTS = 65_536;

/**
 * On processors, voxels of a sample from which the fused kernels' sums, one run over all voxels of a channel in
 * float32, lose too many digits: a window of 512 x 448 x 4 had gradients off by 2e-3. Moments are then taken by row
 * too, and the sums of gradients by column.
 */
const LONG_VOXELS = 131_072;

export class NativeNorm {
  readonly #backend: NativeBackend;
  readonly #leaky: readonly OpAttribute[];
  readonly #float: readonly OpAttribute[];
  readonly #mean: readonly OpAttribute[];
  readonly #planar: readonly OpAttribute[];
  readonly #volume: readonly OpAttribute[];
  readonly #givenMoments: readonly OpAttribute[];
  readonly #planarGivenMoments: readonly OpAttribute[];

  constructor(backend: NativeBackend) {
    this.#backend = backend;
    const { float32, int32, float, boolean, text } = attributeOf;
    const norm = (dataFormat: string, training: boolean) => [
      float32('T'),
      float32('U'),
      float('epsilon', NORM_EPSILON),
      text('data_format', dataFormat),
      boolean('is_training', training),
    ];
    this.#leaky = [float32('T'), float('alpha', LEAKY_SLOPE)];
    this.#float = [float32('T')];
    this.#mean = [boolean('keep_dims', false), float32('T'), int32('Tidx')];
    this.#planar = norm('NHWC', true);
    this.#volume = norm('NDHWC', true);
    this.#givenMoments = norm('NDHWC', false);
    this.#planarGivenMoments = norm('NHWC', false);
  }

  activate(x: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): NormActivation {
    const saved: tf.Tensor[] = [];
    const outputs = samplesOf(x).map((sample) => {
      const [normalised, ...moments] = this.#normalise(sample, scale, offset);
      saved.push(...moments);
      const output = this.#backend.executeSingleOutput('LeakyRelu', this.#leaky, [normalised]);
      normalised.dispose();
      if (sample !== x) sample.dispose();
      return output;
    });
    return { output: joined(outputs, x.shape), saved };
  }

  gradient(
    dy: tf.Tensor5D,
    x: tf.Tensor5D,
    scale: tf.Tensor1D,
    forward: NormActivation,
  ): NormActivationGradient {
    // The output has the sign of what the activation was given, so it serves as its input here.
    const onNormalised = this.#backend.executeSingleOutput('LeakyReluGrad', this.#leaky, [
      dy,
      forward.output,
    ]) as tf.Tensor5D;
    tf.dispose([dy, forward.output]);
    const samples = samplesOf(x);
    const gradients = samplesOf(onNormalised);
    const scales: tf.Tensor1D[] = [];
    const offsets: tf.Tensor1D[] = [];
    const inputs = samples.map((sample, index) => {
      const saved = forward.saved.slice(SAVED_PER_SAMPLE * index, SAVED_PER_SAMPLE * (index + 1));
      const [input, onScale, onOffset] = this.#sampleGradient(gradients[index]!, sample, scale, saved);
      scales.push(onScale);
      offsets.push(onOffset);
      return input;
    });
    tf.dispose([onNormalised, ...gradients, ...samples.filter((sample) => sample !== x)]);
    return { input: joined(inputs, x.shape), scale: sumOf(scales), offset: sumOf(offsets) };
  }

  /** The normalised sample and what its gradient is given, by the kernels that suit its size. */
  #normalise(sample: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): [tf.Tensor, ...tf.Tensor[]] {
    return this.#isSmall(sample) || this.#isLong(sample)
      ? this.#normaliseByRows(sample, scale, offset)
      : this.#normaliseFused(sample, scale, offset);
  }

  #sampleGradient(
    dy: tf.Tensor5D,
    sample: tf.Tensor5D,
    scale: tf.Tensor1D,
    saved: readonly tf.Tensor[],
  ): [tf.Tensor, tf.Tensor1D, tf.Tensor1D] {
    return tf.tidy(() => {
      if (this.#isLong(sample)) return this.#gradientByColumns(dy, sample, scale, saved);
      const [input, onScale, onOffset] = this.#isSmall(sample)
        ? this.#fusedGradient(this.#volume, dy, sample, scale, saved)
        : this.#fusedGradient(this.#planar, planar(dy), planar(sample), scale, saved);
      return [input, onScale, onOffset];
    });
  }

  /** The graphics processor's kernel is exact at every size, and its saved moments are in a form of its own. */
  #isSmall(sample: tf.Tensor5D): boolean {
    return sample.size < PLANAR_ELEMENTS && !this.#backend.isUsingGpuDevice;
  }

  #isLong(sample: tf.Tensor5D): boolean {
    return voxelsOf(sample) > LONG_VOXELS && !this.#backend.isUsingGpuDevice;
  }

  #normaliseFused(sample: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): [tf.Tensor, ...tf.Tensor[]] {
    return tf.tidy(() => {
      const none = tf.tensor1d([], 'float32');
      const inputs = [planar(sample), scale, offset, none, none];
      const [normalised, , , ...saved] = this.#backend.executeMultipleOutputs(
        'FusedBatchNormV3',
        this.#planar,
        inputs,
        6,
      );
      return [normalised!, ...saved];
    });
  }

  #normaliseByRows(
    sample: tf.Tensor5D,
    scale: tf.Tensor1D,
    offset: tf.Tensor1D,
  ): [tf.Tensor, ...tf.Tensor[]] {
    return tf.tidy(() => {
      const mean = this.#meanByRows(sample);
      const squares = this.#backend.executeSingleOutput('SquaredDifference', this.#float, [sample, mean]);
      const variance = this.#meanByRows(squares as tf.Tensor5D);
      const normalised = this.#affine(sample, scale, offset, mean, variance as tf.Tensor1D);
      return [normalised, mean, variance, tf.tensor1d([], 'float32')];
    });
  }

  /**
   * With h the normalised input and means over voxels, the gradient by the input is scale / deviation * (dy - mean(dy)
   * - h mean(dy h)). The kernel for given moments gives its first term and, column by column, the sums; the other two
   * are affine in the input.
   */
  #gradientByColumns(
    dy: tf.Tensor5D,
    sample: tf.Tensor5D,
    scale: tf.Tensor1D,
    [mean, variance, none]: readonly tf.Tensor[],
  ): [tf.Tensor, tf.Tensor1D, tf.Tensor1D] {
    const [columns, channels] = [sample.shape[3], sample.shape[4]];
    const tiled = (values: tf.Tensor) => tf.tile(values, [columns]) as tf.Tensor1D;
    const [first, ...sums] = this.#fusedGradient(
      this.#planarGivenMoments,
      byColumns(dy),
      byColumns(sample),
      tiled(scale),
      [tiled(mean!), tiled(variance!), none!],
    );
    const [onScale, onOffset] = sums
      .slice(0, 2)
      .map((sum) => tf.sum(tf.reshape(sum, [columns, channels]), 0)) as [tf.Tensor1D, tf.Tensor1D];
    const factor = tf.mul(
      tf.mul(scale, tf.rsqrt(tf.add(variance!, NORM_EPSILON))),
      -1 / voxelsOf(sample),
    ) as tf.Tensor1D;
    const rest = this.#affine(
      sample,
      tf.mul(factor, onScale),
      tf.mul(factor, onOffset),
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
    );
    return [tf.add(tf.reshape(first, sample.shape), rest), onScale, onOffset];
  }

  /** (x - mean) / sqrt(variance + epsilon) * scale + offset in one call. */
  #affine(x: tf.Tensor5D, ...parameters: readonly tf.Tensor1D[]): tf.Tensor {
    const inputs = [x, ...parameters];
    return this.#backend.executeMultipleOutputs('FusedBatchNormV3', this.#givenMoments, inputs, 6)[0]!;
  }

  /** Mean per channel of one sample, rows first: long float32 sums lose digits. */
  #meanByRows(sample: tf.Tensor5D): tf.Tensor1D {
    const mean = (x: tf.Tensor, axes: number[]) =>
      this.#backend.executeSingleOutput('Mean', this.#mean, [x, tf.tensor1d(axes, 'int32')]);
    return mean(mean(sample, [3]), [0, 1, 2]) as tf.Tensor1D;
  }

  #fusedGradient(
    norm: readonly OpAttribute[],
    dy: tf.Tensor,
    x: tf.Tensor,
    scale: tf.Tensor1D,
    saved: readonly tf.Tensor[],
  ): [tf.Tensor, tf.Tensor1D, tf.Tensor1D, ...tf.Tensor[]] {
    const inputs = [dy, x, scale, ...saved];
    return this.#backend.executeMultipleOutputs('FusedBatchNormGradV3', norm, inputs, 5) as [
      tf.Tensor,
      tf.Tensor1D,
      tf.Tensor1D,
      ...tf.Tensor[],
    ];
  }
}

/** The samples of a batch as batches of one; slices along the batch share memory with the whole. */
function samplesOf(x: tf.Tensor5D): tf.Tensor5D[] {
  if (x.shape[0] === 1) return [x];
  return Array.from({ length: x.shape[0] }, (_, index) => tf.slice(x, index, 1));
}

/** [1, time * row, column, channel]. */
function planar(sample: tf.Tensor5D): tf.Tensor4D {
  const [, frames, rows, columns, channels] = sample.shape;
  return tf.reshape(sample, [1, frames * rows, columns, channels]);
}

/** [1, time * row, 1, column * channel], so that a sum per channel is one per column and channel. */
function byColumns(sample: tf.Tensor5D): tf.Tensor4D {
  const [, frames, rows, columns, channels] = sample.shape;
  return tf.reshape(sample, [1, frames * rows, 1, columns * channels]);
}

function voxelsOf(sample: tf.Tensor5D): number {
  return sample.size / sample.shape[4];
}

/** Samples of any layout as one batch; disposes them. */
function joined(samples: tf.Tensor[], shape: tf.Tensor5D['shape']): tf.Tensor5D {
  if (samples.length === 1 && samples[0]!.rank === 5) return samples[0] as tf.Tensor5D;
  const batch = tf.tidy(() =>
    tf.reshape<tf.Rank.R5>(samples.length === 1 ? samples[0]! : tf.concat(samples, 0), shape),
  );
  tf.dispose(samples);
  return batch;
}

/** Sum of equal shapes; disposes the parts. */
function sumOf(parts: tf.Tensor1D[]): tf.Tensor1D {
  if (parts.length === 1) return parts[0]!;
  const sum: tf.Tensor1D = tf.addN(parts);
  tf.dispose(parts);
  return sum;
}
