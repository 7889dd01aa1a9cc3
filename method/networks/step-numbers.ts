/** Numbers that a recorded step reports: one tensor, so that they come back to the host together, once. */
import * as tf from '@tensorflow/tfjs-core';

export interface StepNumbers<Name extends string = string> {
  readonly names: readonly Name[];
  readonly values: tf.Tensor1D;
}

/** Part of a recorded step. The scalars stay the caller's, who disposes the result by reading it. */
export function stackNumbers<Name extends string>(
  numbers: Readonly<Record<Name, tf.Scalar>>,
): StepNumbers<Name> {
  const names = Object.keys(numbers) as Name[];
  return { names, values: tf.stack(names.map((name) => numbers[name])) as tf.Tensor1D };
}

/** Reads the numbers, and frees them. */
export function readNumbers<Name extends string>({
  names,
  values,
}: StepNumbers<Name>): Readonly<Record<Name, number>> {
  const data = values.dataSync<'float32'>();
  values.dispose();
  return Object.fromEntries(names.map((name, index) => [name, data[index]!])) as Record<Name, number>;
}
