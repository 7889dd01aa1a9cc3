/** Stochastic gradient descent with Nesterov momentum and weight decay, as torch.optim.SGD (nnU-Net's optimiser). */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { ParameterVector } from '../../method/networks/parameter-vector.ts';

export interface SgdOptions {
  readonly momentum: number;
  readonly weightDecay: number;
}

/** What a step makes of velocity and parameters. */
export interface SgdValues {
  readonly velocity: tf.Tensor1D;
  readonly parameters: readonly tf.Tensor[];
}

export class Sgd {
  readonly vector: ParameterVector;
  readonly #parameters: readonly tf.Variable[];
  readonly #velocity: tf.Variable<tf.Rank.R1>;
  readonly #options: SgdOptions;

  constructor(parameters: ReadonlyMap<string, tf.Variable>, options: SgdOptions) {
    this.vector = new ParameterVector(parameters);
    this.#parameters = [...parameters.values()];
    this.#velocity = this.vector.zeros();
    this.#options = options;
  }

  /** What a step along the gradient makes of the present values; a part of a recorded step. */
  updated(gradient: tf.Tensor1D, rate: tf.Scalar): SgdValues {
    const { momentum, weightDecay } = this.#options;
    const [velocity, ...parameters] = tf.tidy(() => {
      const weights = tf.concat1d(
        this.#parameters.map((parameter) => tf.reshape(parameter, [parameter.size])),
      );
      const decayed = tf.add(gradient, tf.mul(weights, weightDecay));
      const velocity = tf.add(tf.mul(this.#velocity, momentum), decayed);
      const step = tf.mul(tf.add(decayed, tf.mul(velocity, momentum)), rate) as tf.Tensor1D;
      const updates = this.vector.split(step);
      return [velocity, ...this.#parameters.map((parameter, index) => tf.sub(parameter, updates[index]!))];
    });
    return { velocity: velocity as tf.Tensor1D, parameters };
  }

  /** Takes the step whose values these are, and disposes them. */
  take({ velocity, parameters }: SgdValues): void {
    this.#velocity.assign(velocity);
    this.#parameters.forEach((parameter, index) => {
      parameter.assign(parameters[index]!);
    });
    tf.dispose([velocity, ...parameters]);
  }

  toArrays(): NamedArrays {
    return this.vector.toArrays(this.#velocity);
  }

  /** @throws DomainError CheckpointIncompatible when an array is missing or has another shape. */
  assign(arrays: NamedArrays): void {
    tf.tidy(() => this.#velocity.assign(this.vector.fromArrays(arrays, "The optimiser's velocity")));
  }

  dispose(): void {
    this.#velocity.dispose();
  }
}
