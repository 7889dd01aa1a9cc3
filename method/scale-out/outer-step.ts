/**
 * What holds the workers of a local-SGD round together (method.md 7): the mean of their weight deltas, and the outer Nesterov step of
 * DiLoCo (arXiv 2311.08105) that takes it for a gradient. Sums are in double precision and in the order of the workers, so the same
 * deltas give the same bytes.
 */
import { DomainError } from '../../contracts/errors.ts';
import { arrayOf, type NamedArray, type NamedArrays } from '../networks/named-arrays.ts';

export interface OuterStepConfig {
  readonly learningRate: number;
  /** Of the Nesterov momentum, in [0, 1). */
  readonly momentum: number;
}

export interface OuterStep {
  readonly weights: NamedArrays;
  /** To be given to the step of the next round. */
  readonly momentum: NamedArrays;
}

/**
 * What a worker's steps changed: end - start, array by array.
 * @throws CheckpointIncompatible when an array is missing or has another shape.
 */
export function deltaOf(start: NamedArrays, end: NamedArrays): NamedArrays {
  return combined([start, end], 'a weight delta', ([from, to]) => to! - from!);
}

/**
 * Mean of the deltas of all workers, each counting the same.
 * @throws CheckpointIncompatible when there are none or they do not fit together.
 */
export function averageDeltas(deltas: readonly NamedArrays[]): NamedArrays {
  if (deltas.length === 0) {
    throw new DomainError(
      'CheckpointIncompatible',
      'A round of local training ended without a weight delta.',
    );
  }
  return combined(deltas, 'the mean of weight deltas', (values) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum / values.length;
  });
}

/**
 * One outer step from `start` along the mean delta d: m = momentum * m + d, weights = start + learningRate * (d + momentum * m).
 * Learning rate 1 and momentum 0 are plain averaging of the workers' weights.
 *
 * @param momentum that of the step before; nothing in the first round
 * @throws CheckpointIncompatible when arrays are missing or have other shapes.
 */
export function outerStep(
  start: NamedArrays,
  delta: NamedArrays,
  momentum: NamedArrays | undefined,
  config: OuterStepConfig,
): OuterStep {
  const moved = momentum
    ? combined([delta, momentum], 'the outer momentum', ([d, m]) => config.momentum * m! + d!)
    : delta;
  const weights = combined(
    [start, delta, moved],
    'the outer step',
    ([w, d, m]) => w! + config.learningRate * (d! + config.momentum * m!),
  );
  return { weights, momentum: moved };
}

/** An array for each name of the first set, every element made from those of all sets at its place. */
function combined(
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
