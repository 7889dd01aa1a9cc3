/** Adam as torch.optim.Adam (betas 0.9 and 0.999, eps 1e-8, no weight decay), with its state by parameter name. */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import { type Held, holdValues } from './held-values.ts';
import { arrayOf, type NamedArrays } from './named-arrays.ts';
import { ParameterVector } from './parameter-vector.ts';
import { withoutPrefix, withPrefix } from './prefixed-arrays.ts';

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

/**
 * What a step takes of the count of steps and the learning rate: numbers, which a recorded step is given at each call.
 */
export interface AdamCoefficients<Scalar = number> {
  /** Learning rate over the first moments' bias correction. */
  readonly rate: Scalar;
  /** One over the root of the second moments' bias correction. */
  readonly deviationScale: Scalar;
}

/** What a step makes of moments and parameters. */
export interface AdamValues {
  readonly first: tf.Tensor1D;
  readonly second: tf.Tensor1D;
  /** In the order of the parameters. */
  readonly parameters: readonly tf.Tensor[];
}

/** Frees the values of a step that is not taken. */
export function disposeValues({ first, second, parameters }: AdamValues): void {
  tf.dispose([first, second, ...parameters]);
}

/**
 * One optimiser per network. All parameters are updated as one vector, which takes a dozen operations instead of a
 * dozen per parameter. A step is computed (`updated`, which a recorded step can contain) and then taken (`take`) or
 * dropped.
 */
export class Adam {
  readonly #parameters: readonly tf.Variable[];
  /** How gradients become the vector that a step is taken along. */
  readonly vector: ParameterVector;
  readonly #first: tf.Variable<tf.Rank.R1>;
  readonly #second: tf.Variable<tf.Rank.R1>;
  #learningRate: number;
  #step = 0;

  constructor(parameters: ReadonlyMap<string, tf.Variable>, options: { learningRate: number }) {
    this.#parameters = [...parameters.values()];
    this.#learningRate = options.learningRate;
    this.vector = new ParameterVector(parameters);
    this.#first = this.vector.zeros();
    this.#second = this.vector.zeros();
  }

  /** Steps taken so far. */
  get step(): number {
    return this.#step;
  }

  setLearningRate(learningRate: number): void {
    this.#learningRate = learningRate;
  }

  /** Of the step that would be the next. */
  get coefficients(): AdamCoefficients {
    return {
      rate: this.#learningRate / (1 - FIRST_DECAY ** (this.#step + 1)),
      deviationScale: 1 / Math.sqrt(1 - SECOND_DECAY ** (this.#step + 1)),
    };
  }

  /**
   * What a step along the gradient (`ParameterVector.of`) makes of the present values, which stay as they are. The
   * caller disposes it.
   */
  updated(gradient: tf.Tensor1D, { rate, deviationScale }: AdamCoefficients<tf.Scalar | number>): AdamValues {
    const [first, second, ...parameters] = tf.tidy(() => {
      const first = tf.add(tf.mul(this.#first, FIRST_DECAY), tf.mul(gradient, 1 - FIRST_DECAY));
      const second = tf.add(
        tf.mul(this.#second, SECOND_DECAY),
        tf.mul(tf.square(gradient), 1 - SECOND_DECAY),
      );
      const deviation = tf.add(tf.mul(tf.sqrt(second), deviationScale), EPSILON);
      const updates = this.vector.split(tf.div(tf.mul(first, rate), deviation));
      const parameters = this.#parameters.map((parameter, index) => tf.sub(parameter, updates[index]!));
      return [first, second, ...parameters];
    });
    return { first: first as tf.Tensor1D, second: second as tf.Tensor1D, parameters };
  }

  /** Takes the step whose values these are, and disposes them. */
  take(values: AdamValues): void {
    const { first, second, parameters } = values;
    this.#first.assign(first);
    this.#second.assign(second);
    this.#parameters.forEach((parameter, index) => {
      parameter.assign(parameters[index]!);
    });
    disposeValues(values);
    this.#step++;
  }

  /** Holds moments and step count on the device, to go back to; the parameters are held by their network. */
  hold(): Held {
    const step = this.#step;
    const moments = holdValues([this.#first, this.#second]);
    return {
      restore: () => {
        moments.restore();
        this.#step = step;
      },
      dispose: () => moments.dispose(),
    };
  }

  /**
   * Moments by parameter name in the layout of the variables, and the step count; the learning rate is not part of it.
   */
  toArrays(): NamedArrays {
    return {
      step: { shape: [], data: Float32Array.of(this.#step) },
      ...withPrefix('first', this.vector.toArrays(this.#first)),
      ...withPrefix('second', this.vector.toArrays(this.#second)),
    };
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
    tf.tidy(() => {
      const [first, second] = (['first', 'second'] as const).map((name) =>
        this.vector.fromArrays(withoutPrefix(name, arrays), `Adam (${name} moments)`),
      ) as [tf.Tensor1D, tf.Tensor1D];
      this.#first.assign(first);
      this.#second.assign(second);
    });
    this.#step = step;
  }

  /** Frees the moments; the parameters stay. */
  dispose(): void {
    tf.dispose([this.#first, this.#second]);
  }
}
