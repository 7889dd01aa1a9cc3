/**
 * The result of fine-tuning between the policy that it started from and the one that it ended at, in weights. Such a
 * policy keeps most of what was learnt and little of the drift that a biased reward brings (WiSE-FT, arXiv 2109.01903;
 * for rewards WARP, arXiv 2406.16768).
 */
import { combineArrays, type NamedArrays } from '../networks/named-arrays.ts';

/**
 * start + share (end - start), array by array; `share` 0 is the start, 1 the end.
 * @throws DomainError CheckpointIncompatible when the arrays do not fit together.
 */
export function interpolateWeights(start: NamedArrays, end: NamedArrays, share: number): NamedArrays {
  if (share === 1) return end;
  return combineArrays(
    [start, end],
    'the policy between start and end',
    ([from, to]) => from! + share * (to! - from!),
  );
}
