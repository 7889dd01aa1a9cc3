/**
 * Which policies of a run may be built upon and kept. A policy can learn to please its reward network; the share of
 * valid frames, which needs no reference and is not trained on as a whole, tells when it did.
 */
import type { PolicyResult } from '../contracts/results.ts';

/**
 * By how much the share may fall: on the few videos of a small validation set it moves by as much from chance alone.
 */
const TOLERANCE = 0.05;

/**
 * Those whose validation frames are valid about as often as those of the policy that is best in this, in the order
 * given.
 */
export function eligiblePolicies(policies: readonly PolicyResult[]): PolicyResult[] {
  const best = Math.max(...policies.map(({ validFrames }) => validFrames ?? 0));
  return policies.filter(({ validFrames }) => validFrames === undefined || validFrames >= best - TOLERANCE);
}
