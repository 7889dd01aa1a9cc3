/**
 * Host copies of weights and optimiser state: plain arrays under names. Networks use PyTorch's names and layouts here,
 * so that a state dict and a checkpoint of this project are the same thing.
 */
import { DomainError } from '../../ground/errors.ts';

/** Row-major float32 array; a scalar has shape []. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type NamedArrays = Readonly<Record<string, NamedArray>>;

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** True when both shapes have the same axes of the same sizes. */
function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * The array of that name, checked against the shape that the reader needs.
 * @throws DomainError CheckpointIncompatible when it is missing or has another shape.
 */
export function arrayOf(
  arrays: NamedArrays,
  name: string,
  shape: readonly number[],
  owner: string,
): NamedArray {
  const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
  if (!array) {
    throw new DomainError(
      'CheckpointIncompatible',
      `${owner} needs the array "${name}" of shape [${shape}], which the checkpoint lacks. Load a checkpoint of the same configuration.`,
    );
  }
  if (!sameShape(array.shape, shape) || array.data.length !== elementCount(shape)) {
    throw new DomainError(
      'CheckpointIncompatible',
      `${owner} needs "${name}" of shape [${shape}], the checkpoint has shape [${array.shape}] with ${array.data.length} elements. ` +
        'Load a checkpoint of the same configuration.',
    );
  }
  return array;
}

/**
 * An array for each name of the first set, every element made from those of all sets at its place.
 * @throws DomainError CheckpointIncompatible when an array is missing or has another shape.
 */
export function combineArrays(
  sets: readonly NamedArrays[],
  owner: string,
  elementOf: (values: readonly number[]) => number,
): NamedArrays {
  const values = new Array<number>(sets.length).fill(0);
  const result: Record<string, NamedArray> = {};
  for (const [name, { shape, data }] of Object.entries(sets[0]!)) {
    const arrays = sets.map((set) => arrayOf(set, name, shape, owner).data);
    const combination = new Float32Array(data.length);
    for (let i = 0; i < combination.length; i++) {
      for (let k = 0; k < arrays.length; k++) values[k] = arrays[k]![i]!;
      combination[i] = elementOf(values);
    }
    result[name] = { shape, data: combination };
  }
  return result;
}

/** The same elements with axis i of the result being axis order[i] of the input, as numpy.transpose; copies. */
export function permuteAxes(array: NamedArray, order: readonly number[]): NamedArray {
  const { shape, data } = array;
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const newShape = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = new Array<number>(order.length).fill(0);
  let source = 0;
  for (let target = 0; target < result.length; target++) {
    result[target] = data[source]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++index[axis]! < newShape[axis]!) break;
      source -= steps[axis]! * newShape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: newShape, data: result };
}
