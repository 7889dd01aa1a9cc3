/** What either objective (method.md 6) makes of one draw of windows. */
import type { Violation } from './guards.ts';
import type { PolicyShift } from './loss.ts';

/** Of the last update on a draw, and where the policy stands after it. */
export interface PolicyUpdateMetrics extends PolicyShift {
  /** What the update lowers. */
  readonly policyLoss: number;
  /** Mean over all pixels of what the policy's own segmentation earns. */
  readonly meanReward: number;
  /** Before clipping; 0 where the policy was left as it is. */
  readonly policyGradientNorm: number;
  /** Network passes of the whole window in units of one forward pass, a backward pass being two. */
  readonly forwardEquivalents: number;
}

/** With a violation the networks are left as the updates made them: the caller takes them back. */
export interface WindowUpdate<Metrics extends PolicyUpdateMetrics = PolicyUpdateMetrics> {
  readonly metrics: Metrics;
  readonly violation: Violation | undefined;
}
