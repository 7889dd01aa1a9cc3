/**
 * All parameters of a network as one vector, in their order: a dozen operations on it instead of a dozen for each
 * parameter.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from './gradients.ts';
import { arrayOf, elementCount, type NamedArray, type NamedArrays } from './named-arrays.ts';

export class ParameterVector {
  readonly #parameters: ReadonlyMap<string, tf.Variable>;
  readonly #sizes: readonly number[];
  readonly size: number;

  constructor(parameters: ReadonlyMap<string, tf.Variable>) {
    this.#parameters = parameters;
    this.#sizes = [...parameters.values()].map((parameter) => parameter.size);
    this.size = this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  /** A variable of zeros; the caller disposes it. */
  zeros(): tf.Variable<tf.Rank.R1> {
    return tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([this.size])));
  }

  /**
   * Gradients as one vector; an absent one counts as zero. They stay the caller's, who disposes the vector too.
   * @throws Error when a gradient has no parameter of its name and shape.
   */
  of(gradients: Gradients): tf.Tensor1D {
    for (const [name, gradient] of gradients) {
      const parameter = this.#parameters.get(name);
      if (!parameter || !tf.util.arraysEqual(parameter.shape, gradient.shape)) {
        throw new Error(`There is a gradient "${name}" of shape [${gradient.shape}] that fits no parameter.`);
      }
    }
    return tf.tidy(() =>
      tf.concat1d(
        [...this.#parameters].map(([name, parameter]) => {
          const given = gradients.get(name);
          return given ? tf.reshape(given, [parameter.size]) : tf.zeros([parameter.size]);
        }),
      ),
    );
  }

  /** The parts of the vector in the shapes of the parameters; the caller disposes them. */
  split(vector: tf.Tensor1D): tf.Tensor[] {
    return tf.tidy(() => {
      const parts = tf.split(vector, [...this.#sizes]);
      return [...this.#parameters.values()].map(({ shape }, index) => tf.reshape(parts[index]!, shape));
    });
  }

  /** A host copy of the vector by parameter name, in the layout of the variables. */
  toArrays(vector: tf.Tensor1D): NamedArrays {
    const data = vector.dataSync<'float32'>();
    let start = 0;
    const arrays: Record<string, NamedArray> = {};
    for (const [name, { shape, size }] of this.#parameters) {
      arrays[name] = { shape, data: data.slice(start, start + size) };
      start += size;
    }
    return arrays;
  }

  /**
   * The vector that `toArrays` gave arrays of; the caller disposes it.
   * @throws DomainError CheckpointIncompatible when one is missing or has another shape.
   */
  fromArrays(arrays: NamedArrays, owner: string): tf.Tensor1D {
    const data = new Float32Array(this.size);
    let start = 0;
    for (const [name, { shape }] of this.#parameters) {
      data.set(arrayOf(arrays, name, shape, owner).data, start);
      start += elementCount(shape);
    }
    return tf.tensor1d(data);
  }
}
