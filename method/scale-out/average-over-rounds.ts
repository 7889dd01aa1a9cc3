/**
 * The exponential moving average of the weights of a training in local-SGD rounds (method.md 7): that of merged
 * weights, each counting as if all steps of its round had ended there.
 */
import { combineArrays, type NamedArrays } from '../networks/named-arrays.ts';
import { keptAt } from '../networks/weight-average.ts';

/** Steps of all workers together. */
export interface StepsOfRound {
  readonly before: number;
  readonly during: number;
}

/**
 * The average after a round.
 * @param average that before it; the weights that the training started from before the first round
 * @param decay of a step of plain training, in [0, 1)
 * @throws CheckpointIncompatible when arrays are missing or have other shapes.
 */
export function averageOverRounds(
  average: NamedArrays,
  merged: NamedArrays,
  decay: number,
  steps: StepsOfRound,
): NamedArrays {
  const kept = keptOver(decay, steps);
  return combineArrays([average, merged], 'the average of the merged weights', ([old, now]) => {
    return kept * old! + (1 - kept) * now!;
  });
}

function keptOver(decay: number, { before, during }: StepsOfRound): number {
  let kept = 1;
  for (let step = before; step < before + during; step++) kept *= keptAt(decay, step);
  return kept;
}
