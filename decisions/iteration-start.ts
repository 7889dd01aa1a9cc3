/** What an iteration of the loop goes on from. */
import type { PolicyResult } from '../contracts/results.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { eligiblePolicies } from './eligible-policies.ts';

/**
 * The policy that an iteration begins with and the one that it may not drift away from. An iteration that broke more
 * frames than it repaired is not built upon. `policies` are those so far, the one before adaptation first.
 */
export function iterationStart(
  policies: readonly PolicyResult[],
  config: Pick<RunConfig, 'ppo'>,
): Pick<PolicyResult, 'policy'> & { readonly reference: PolicyResult['policy'] } {
  const { policy } = eligiblePolicies(policies).at(-1)!;
  // A run that an older version started has no such field in its configuration.
  const reference = config.ppo?.reference === 'previous' ? policy : policies[0]!.policy;
  return { policy, reference };
}
