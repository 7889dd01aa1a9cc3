/**
 * Training with the mean gradient of several batches: each batch is one call of TensorFlow, which adds its gradients to
 * those that wait on the device, and a step along their mean is another.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Given, type RecordedStep, recorded } from '../../recorded/recorded.ts';
import type { Adam, AdamCoefficients, AdamValues } from './adam.ts';
import { disposeGradients } from './gradients.ts';
import type { NamedArrays } from './named-arrays.ts';
import type { LossAndGradients } from './training-step.ts';

export interface GradientAccumulationOptions<Batch extends readonly unknown[]> {
  /** In errors and profiles. */
  readonly name: string;
  readonly optimiser: Adam;
  /** Part of a recorded step, as in `TrainingStep`. */
  readonly pass: (...batch: Batch) => LossAndGradients;
}

export class GradientAccumulation<Batch extends readonly unknown[]> {
  readonly #optimiser: Adam;
  readonly #sum: tf.Variable<tf.Rank.R1>;
  readonly #add: RecordedStep<Batch, tf.Scalar>;
  readonly #mean: RecordedStep<[AdamCoefficients<tf.Scalar>, tf.Scalar], AdamValues>;
  #waiting = 0;

  constructor({ name, optimiser, pass }: GradientAccumulationOptions<Batch>) {
    this.#optimiser = optimiser;
    this.#sum = optimiser.vector.zeros();
    this.#add = recorded(name, (...batch: Batch) => {
      const { loss, gradients } = pass(...batch);
      const vector = optimiser.vector.of(gradients);
      disposeGradients(gradients);
      this.#sum.assign(tf.add(this.#sum, vector));
      return loss;
    });
    this.#mean = recorded(`${name}, mean`, (coefficients: AdamCoefficients<tf.Scalar>, share: tf.Scalar) =>
      optimiser.updated(tf.mul(this.#sum, share), coefficients),
    );
  }

  /** Batches whose gradients wait for `apply`. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Adds the gradients of a batch, whose tensors stay the caller's, and gives its loss: where that is not finite, give
   * up.
   */
  add(...batch: { [Index in keyof Batch]: Given<Batch[Index]> }): number {
    const loss = this.#add(...batch);
    const value = loss.dataSync<'float32'>()[0]!;
    loss.dispose();
    this.#waiting++;
    return value;
  }

  /** One step along the mean of the gradients that wait; none wait then. */
  apply(): void {
    this.#optimiser.take(this.#mean(this.#optimiser.coefficients, 1 / this.#waiting));
    this.clear();
  }

  /** Drops the gradients that wait. */
  clear(): void {
    this.#waiting = 0;
    tf.tidy(() => this.#sum.assign(tf.zerosLike(this.#sum)));
  }

  /** The sum that waits by parameter name, a host copy; nothing where none does. */
  toArrays(): NamedArrays {
    return this.#waiting === 0 ? {} : this.#optimiser.vector.toArrays(this.#sum);
  }

  /**
   * Restores what `toArrays` gave of so many batches.
   * @throws DomainError CheckpointIncompatible when an array is missing or has another shape.
   */
  assign(arrays: NamedArrays, waiting: number): void {
    this.clear();
    if (waiting === 0) return;
    const { vector } = this.#optimiser;
    tf.tidy(() => this.#sum.assign(vector.fromArrays(arrays, 'The sum of gradients')));
    this.#waiting = waiting;
  }

  /** Frees the sum and the recordings; optimiser and network stay. */
  dispose(): void {
    this.#add.dispose();
    this.#mean.dispose();
    this.#sum.dispose();
  }
}
