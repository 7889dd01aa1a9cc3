/**
 * What holds the workers of a local-SGD round together (method.md 7): the mean of their weight deltas, and the outer
 * Nesterov step of DiLoCo (arXiv 2311.08105) that takes it for a gradient. Sums are in double precision and in the
 * order of the workers, so the same deltas give the same bytes.
 */
import { DomainError } from '../../ground/errors.ts';
import { combineArrays, type NamedArrays } from '../networks/named-arrays.ts';

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
  return combineArrays([start, end], 'a weight delta', ([from, to]) => to! - from!);
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
  return combineArrays(deltas, 'the mean of weight deltas', (values) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum / values.length;
  });
}

/**
 * One outer step from `start` along the mean delta d: m = momentum * m + d, weights = start + learningRate * (d +
 * momentum * m). Learning rate 1 and momentum 0 are plain averaging of the workers' weights.
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
    ? combineArrays([delta, momentum], 'the outer momentum', ([d, m]) => config.momentum * m! + d!)
    : delta;
  const weights = combineArrays(
    [start, delta, moved],
    'the outer step',
    ([w, d, m]) => w! + config.learningRate * (d! + config.momentum * m!),
  );
  return { weights, momentum: moved };
}
