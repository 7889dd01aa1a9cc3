/**
 * Exponential moving average of a network's weights over training steps (Polyak and Juditsky, SIAM J. Control Optim.
 * 1992; as mean teachers use it, arXiv 1703.01780): the noise of single steps is averaged out, which is worth a lower
 * learning rate.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { arrayOf, type NamedArrays } from './named-arrays.ts';

/**
 * What a step, counted from 0, leaves of the average before it. Early on the average forgets faster, so that nothing of
 * the random start stays.
 */
export function keptAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

export class WeightAverage {
  readonly #parameters: ReadonlyMap<string, tf.Variable>;
  readonly #decay: number;
  readonly #average: ReadonlyMap<string, tf.Variable>;
  readonly #takeIn: RecordedStep<[tf.Scalar, tf.Scalar], void>;

  /** Begins at the present weights. `decay` is in [0, 1). */
  constructor(parameters: ReadonlyMap<string, tf.Variable>, decay: number) {
    this.#parameters = parameters;
    this.#decay = decay;
    this.#average = new Map(
      [...parameters].map(([name, parameter]) => [name, tf.tidy(() => tf.variable(tf.clone(parameter)))]),
    );
    this.#takeIn = recorded('average of the weights', (kept: tf.Scalar, share: tf.Scalar) => {
      tf.tidy(() => {
        for (const [name, average] of this.#average) {
          average.assign(tf.add(tf.mul(average, kept), tf.mul(this.#parameters.get(name)!, share)));
        }
      });
    });
  }

  /** Takes in the weights after a step, counted from 0. */
  add(step: number): void {
    const kept = keptAt(this.#decay, step);
    this.#takeIn(kept, 1 - kept);
  }

  /** Makes the average the network's weights. */
  giveBack(): void {
    for (const [name, average] of this.#average) this.#parameters.get(name)!.assign(average);
  }

  /** Host copies by parameter name, in the layout of the variables. */
  toArrays(): NamedArrays {
    return Object.fromEntries(
      [...this.#average].map(([name, average]) => [
        name,
        { shape: average.shape, data: average.dataSync<'float32'>().slice() },
      ]),
    );
  }

  /** @throws DomainError CheckpointIncompatible when an array is missing or has another shape. */
  assign(arrays: NamedArrays): void {
    const found = [...this.#average].map(
      ([name, average]) =>
        [average, arrayOf(arrays, name, average.shape, 'the average of the weights')] as const,
    );
    tf.tidy(() => {
      for (const [average, { data, shape }] of found) average.assign(tf.tensor(data, [...shape]));
    });
  }

  dispose(): void {
    this.#takeIn.dispose();
    for (const average of this.#average.values()) average.dispose();
  }
}
