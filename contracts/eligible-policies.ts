/**
 * Which policies of a run may be built upon and kept. A policy can learn to please its reward network; the share of valid frames,
 * which needs no reference and is not trained on as a whole, tells when it did.
 */
import type { PolicyResult } from './messages.ts';

/** By how much the share may fall: on the few videos of a small validation set it moves by as much from chance alone. */
const TOLERANCE = 0.05;

/** The policy before adaptation, and those whose validation frames are valid about as often or more often. In the order given. */
export function eligiblePolicies(policies: readonly PolicyResult[]): PolicyResult[] {
  const before = policies[0]?.validFrames;
  return policies.filter(
    ({ validFrames }) =>
      before === undefined || validFrames === undefined || validFrames >= before - TOLERANCE,
  );
}
