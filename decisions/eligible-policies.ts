/**
 * Which policies of a run may be built upon and kept. A policy can learn to please its reward network; the share of
 * valid frames, which needs no reference and is not trained on as a whole, tells when it did.
 */
import type { PolicyResult } from '../contracts/results.ts';

/**
 * By how much the share may fall: of the frames of a small validation set it moves by as much from chance alone. What
 * a policy earns decides within it and not beyond: of two segmentations a reward network picks the right one in little
 * more than half of the pixels where they differ, whether a frame is valid is known.
 */
const TOLERANCE = 0.02;

/**
 * Those whose validation frames are valid about as often as those of the policy that is best in this, in the order
 * given.
 */
export function eligiblePolicies(policies: readonly PolicyResult[]): PolicyResult[] {
  const best = Math.max(...policies.map(({ validFrames }) => validFrames ?? 0));
  return policies.filter(({ validFrames }) => validFrames === undefined || validFrames >= best - TOLERANCE);
}
