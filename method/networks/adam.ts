/** Adam as torch.optim.Adam (betas 0.9 and 0.999, eps 1e-8, no weight decay), with its state by parameter name. */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import type { Gradients } from './gradients.ts';
import { arrayOf, elementCount, type NamedArray, type NamedArrays } from './named-arrays.ts';

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

/**
 * One optimiser per network. All parameters are updated as one vector, which takes a dozen operations instead of a dozen per
 * parameter.
 */
export class Adam {
  readonly #parameters: ReadonlyMap<string, tf.Variable>;
  readonly #sizes: readonly number[];
  readonly #first: tf.Variable<tf.Rank.R1>;
  readonly #second: tf.Variable<tf.Rank.R1>;
  #learningRate: number;
  #step = 0;

  constructor(parameters: ReadonlyMap<string, tf.Variable>, options: { learningRate: number }) {
    this.#parameters = parameters;
    this.#learningRate = options.learningRate;
    this.#sizes = [...parameters.values()].map((parameter) => parameter.size);
    const total = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#first = zeroVariable(total);
    this.#second = zeroVariable(total);
  }

  /** Steps taken so far. */
  get step(): number {
    return this.#step;
  }

  setLearningRate(learningRate: number): void {
    this.#learningRate = learningRate;
  }

  /**
   * One step on the parameters. An absent gradient counts as zero. The gradients stay the caller's.
   * @throws Error when a gradient has no parameter of its name and shape.
   */
  apply(gradients: Gradients): void {
    for (const [name, gradient] of gradients) {
      const parameter = this.#parameters.get(name);
      if (!parameter || !tf.util.arraysEqual(parameter.shape, gradient.shape)) {
        throw new Error(
          `Adam was given a gradient "${name}" of shape [${gradient.shape}] that fits no parameter.`,
        );
      }
    }
    this.#step++;
    const firstCorrection = 1 - FIRST_DECAY ** this.#step;
    const secondCorrection = 1 - SECOND_DECAY ** this.#step;
    tf.tidy(() => {
      const gradient = tf.concat1d(
        [...this.#parameters].map(([name, parameter]) => {
          const given = gradients.get(name);
          return given ? tf.reshape(given, [parameter.size]) : tf.zeros([parameter.size]);
        }),
      );
      const first = tf.add(tf.mul(this.#first, FIRST_DECAY), tf.mul(gradient, 1 - FIRST_DECAY));
      const second = tf.add(
        tf.mul(this.#second, SECOND_DECAY),
        tf.mul(tf.square(gradient), 1 - SECOND_DECAY),
      );
      this.#first.assign(first as tf.Tensor1D);
      this.#second.assign(second as tf.Tensor1D);
      const deviation = tf.add(tf.mul(tf.sqrt(second), 1 / Math.sqrt(secondCorrection)), EPSILON);
      const update = tf.div(tf.mul(first, this.#learningRate / firstCorrection), deviation);
      const parts = tf.split(update, [...this.#sizes]);
      [...this.#parameters.values()].forEach((parameter, index) => {
        parameter.assign(tf.sub(parameter, tf.reshape(parts[index]!, parameter.shape)));
      });
    });
  }

  /** Moments by parameter name in the layout of the variables, and the step count; the learning rate is not part of it. */
  toArrays(): NamedArrays {
    const arrays: Record<string, NamedArray> = { step: { shape: [], data: Float32Array.of(this.#step) } };
    const first = this.#first.dataSync<'float32'>();
    const second = this.#second.dataSync<'float32'>();
    let start = 0;
    for (const [name, { shape, size }] of this.#parameters) {
      arrays[`first/${name}`] = { shape, data: first.slice(start, start + size) };
      arrays[`second/${name}`] = { shape, data: second.slice(start, start + size) };
      start += size;
    }
    return arrays;
  }

  /**
   * Restores what `toArrays` gave, all or nothing.
   * @throws DomainError CheckpointIncompatible when a moment is missing or has another shape.
   */
  assign(arrays: NamedArrays): void {
    const step = arrayOf(arrays, 'step', [], 'Adam').data[0]!;
    if (!Number.isInteger(step) || step < 0) {
      throw new DomainError(
        'CheckpointIncompatible',
        `Adam's step count must be a whole number, the checkpoint has ${step}.`,
      );
    }
    const total = this.#first.size;
    const first = new Float32Array(total);
    const second = new Float32Array(total);
    let start = 0;
    for (const [name, { shape }] of this.#parameters) {
      first.set(arrayOf(arrays, `first/${name}`, shape, 'Adam').data, start);
      second.set(arrayOf(arrays, `second/${name}`, shape, 'Adam').data, start);
      start += elementCount(shape);
    }
    this.#step = step;
    tf.tidy(() => {
      this.#first.assign(tf.tensor1d(first));
      this.#second.assign(tf.tensor1d(second));
    });
  }

  /** Frees the moments; the parameters stay. */
  dispose(): void {
    tf.dispose([this.#first, this.#second]);
  }
}

function zeroVariable(size: number): tf.Variable<tf.Rank.R1> {
  return tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([size])));
}
