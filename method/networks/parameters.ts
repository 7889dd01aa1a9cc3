/**
 * Parameters as tensors. Filters are kept in TensorFlow's layout [time, row, column, in, out] (transposed convolutions
 * [time, row, column, out, in]) and in PyTorch's on the host.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '../../ground/random.ts';
import { type Held, holdValues } from './held-values.ts';
import { LEAKY_SLOPE } from './kernels/kernel-interface.ts';
import { arrayOf, elementCount, type NamedArray, type NamedArrays, permuteAxes } from './named-arrays.ts';
import type { ParameterPlan } from './unet-plan.ts';

/**
 * PyTorch [out, in, row, column, time] to TensorFlow [time, row, column, in, out]; transposed filters map the same way.
 */
const toTensorOrder = [4, 2, 3, 1, 0];
const toHostOrder = [4, 3, 1, 2, 0];

/** Kaiming normal filters for a leaky ReLU (fan in as PyTorch counts it), unit scales, zero biases (method.md 3). */
export function initialArrays(plans: readonly ParameterPlan[], random: RandomStream): NamedArrays {
  return Object.fromEntries(
    plans.map((plan) => [plan.name, { shape: plan.shape, data: initialData(plan, random) }]),
  );
}

function initialData({ shape, role }: ParameterPlan, random: RandomStream): Float32Array {
  const data = new Float32Array(elementCount(shape));
  if (role === 'normScale') return data.fill(1);
  if (role !== 'filter') return data;
  const fanIn = elementCount(shape.slice(1));
  const deviation = Math.sqrt(2 / (1 + LEAKY_SLOPE ** 2) / fanIn);
  for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
  return data;
}

/** One variable per parameter, in the plan's order; the caller disposes them. */
export function createParameters(
  plans: readonly ParameterPlan[],
  arrays: NamedArrays,
): ReadonlyMap<string, tf.Variable> {
  const checked = plans.map((plan) => arrayOf(arrays, plan.name, plan.shape, 'The network'));
  return new Map(
    plans.map(({ name }, index) => {
      const tensor = tensorOf(checked[index]!);
      const variable = tf.variable(tensor);
      tensor.dispose();
      return [name, variable];
    }),
  );
}

/** Overwrites all parameters; nothing changes when one array is missing or has another shape. */
export function assignParameters(
  plans: readonly ParameterPlan[],
  parameters: ReadonlyMap<string, tf.Variable>,
  arrays: NamedArrays,
): void {
  const checked = plans.map((plan) => arrayOf(arrays, plan.name, plan.shape, 'The network'));
  plans.forEach(({ name }, index) => {
    const tensor = tensorOf(checked[index]!);
    parameters.get(name)!.assign(tensor);
    tensor.dispose();
  });
}

/** Host copies in PyTorch's layout of parameters, or of tensors named and shaped like them (gradients). */
export function hostArrays(tensors: ReadonlyMap<string, tf.Tensor>): NamedArrays {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, hostArray(tensor)]));
}

/** Parameters held on the device. */
export interface HeldParameters extends Held {
  /** Host copies of what is held, in PyTorch's layout. */
  toArrays(): NamedArrays;
}

/** Holds the present parameters. */
export function holdParameters(parameters: ReadonlyMap<string, tf.Variable>): HeldParameters {
  const held = holdValues([...parameters.values()]);
  const named = new Map([...parameters.keys()].map((name, index) => [name, held.values[index]!]));
  return { ...held, toArrays: () => hostArrays(named) };
}

function tensorOf(array: NamedArray): tf.Tensor {
  const { shape, data } = array.shape.length === 5 ? permuteAxes(array, toTensorOrder) : array;
  // A copy: the back end may keep the array that it is given.
  return tf.tensor(data === array.data ? data.slice() : data, [...shape], 'float32');
}

function hostArray(tensor: tf.Tensor): NamedArray {
  const array = { shape: tensor.shape, data: new Float32Array(tensor.dataSync<'float32'>()) };
  return array.shape.length === 5 ? permuteAxes(array, toHostOrder) : array;
}
