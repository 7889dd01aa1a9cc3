/**
 * One step of training as one call of TensorFlow: forward pass, loss, backward pass, clipping and Adam are recorded
 * together (docs/recorded-step.md), weights and moments stay on the device, and what comes back to the host is a
 * handful of numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Given, type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { type Adam, type AdamCoefficients, type AdamValues, disposeValues } from './adam.ts';
import { clipVector } from './gradient-norm.ts';
import { disposeGradients, type Gradients } from './gradients.ts';
import { readNumbers, type StepNumbers, stackNumbers } from './step-numbers.ts';
import type { UNet3D } from './unet3d.ts';

/** What a pass over a batch gives; it is taken over and disposed. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Gradients;
  /** Whatever else is to be reported of the step. */
  readonly numbers?: Readonly<Record<string, tf.Scalar>>;
}

/** A loss of a network's outputs, with its gradient by each of them (null for none). */
export interface OutputLoss {
  readonly loss: tf.Scalar;
  readonly gradients: readonly (tf.Tensor5D | null)[];
  readonly numbers?: Readonly<Record<string, tf.Scalar>>;
}

/**
 * Forward and backward pass of the network over x, with the loss of its outputs: a pass that a training step can take.
 */
export function networkPass(
  network: UNet3D,
  x: tf.Tensor5D,
  lossOf: (outputs: readonly tf.Tensor5D[]) => OutputLoss,
): LossAndGradients {
  const pass = network.forwardForTraining(x);
  const { gradients, ...rest } = lossOf(pass.outputs);
  const result = { ...rest, gradients: pass.backward(gradients) };
  tf.dispose(gradients.filter((gradient) => gradient !== null));
  pass.dispose();
  return result;
}

/** Numbers of a step; those of its pass too, by their names. */
export interface TrainingNumbers extends Readonly<Record<string, number>> {
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
}

export interface StepResult {
  readonly numbers: TrainingNumbers;
  /** False where a number is not finite: the step is not taken then, and everything is as it was before. */
  readonly taken: boolean;
}

export interface TrainingStepOptions<Batch extends readonly unknown[]> {
  /** In errors and profiles. */
  readonly name: string;
  readonly optimiser: Adam;
  /** Part of a recorded step: tensors of the batch and variables in, no number read on the host. */
  readonly pass: (...batch: Batch) => LossAndGradients;
  /** Gradients are scaled down to this norm where theirs is larger (method.md 6). */
  readonly gradientNorm?: number;
}

interface Computed {
  readonly numbers: StepNumbers;
  readonly values: AdamValues;
}

/** What a clipped step makes of the present values, to take or to dispose; `norm` is that before clipping. */
export interface ClippedStep {
  readonly norm: tf.Scalar;
  readonly values: AdamValues;
}

/**
 * The step along a gradient (a vector of all parameters), scaled down to the norm `limit` where it is larger: a part of
 * a recorded step. Frees the gradient.
 */
export function clippedVectorStep(
  optimiser: Adam,
  gradient: tf.Tensor1D,
  limit: number,
  coefficients: AdamCoefficients<tf.Scalar>,
): ClippedStep {
  const { clipped, norm } = clipVector(gradient, limit);
  gradient.dispose();
  const values = optimiser.updated(clipped, coefficients);
  clipped.dispose();
  return { norm, values };
}

/** The same along gradients by name, which it frees. */
export function clippedStep(
  optimiser: Adam,
  gradients: Gradients,
  limit: number,
  coefficients: AdamCoefficients<tf.Scalar>,
): ClippedStep {
  const vector = optimiser.vector.of(gradients);
  disposeGradients(gradients);
  return clippedVectorStep(optimiser, vector, limit, coefficients);
}

export class TrainingStep<Batch extends readonly unknown[]> {
  readonly #optimiser: Adam;
  readonly #compute: RecordedStep<[AdamCoefficients<tf.Scalar>, ...Batch], Computed>;

  constructor({
    name,
    optimiser,
    pass,
    gradientNorm = Number.POSITIVE_INFINITY,
  }: TrainingStepOptions<Batch>) {
    this.#optimiser = optimiser;
    this.#compute = recorded(name, (coefficients: AdamCoefficients<tf.Scalar>, ...batch: Batch): Computed => {
      const { loss, gradients, numbers = {} } = pass(...batch);
      const { norm, values } = clippedStep(optimiser, gradients, gradientNorm, coefficients);
      return { numbers: stackNumbers({ loss, gradientNorm: norm, ...numbers }), values };
    });
  }

  /** One step on the batch, whose tensors stay the caller's. */
  run(...batch: { [Index in keyof Batch]: Given<Batch[Index]> }): StepResult {
    const { numbers, values } = this.#compute(this.#optimiser.coefficients, ...batch) as Computed;
    const read = readNumbers(numbers) as TrainingNumbers;
    const taken = Object.values(read).every(Number.isFinite);
    if (taken) this.#optimiser.take(values);
    else disposeValues(values);
    return { numbers: read, taken };
  }

  /** Frees the recording; optimiser and network stay. */
  dispose(): void {
    this.#compute.dispose();
  }
}
