/** Which policy of a run is kept (method.md 1e). */
import type { PolicyRating, PolicyResult } from '../contracts/results.ts';
import type { RatedPolicy } from '../contracts/training-activities.ts';
import { eligiblePolicies } from './eligible-policies.ts';

/**
 * The policy with the highest rating of those that broke no frames; the earlier one on a tie. Without ratings the
 * latest of them: there was nothing to judge by.
 * @param policies the one before adaptation first; at least one
 */
export function electPolicy(
  policies: readonly PolicyResult[],
  ratings: readonly PolicyRating[],
): PolicyResult {
  const eligible = eligiblePolicies(policies);
  let best = eligible.at(-1)!;
  let highest = Number.NEGATIVE_INFINITY;
  for (const policy of eligible) {
    const rating = ratings.find(({ iteration, videos }) => iteration === policy.iteration && videos > 0);
    if (rating && rating.reward > highest) {
      best = policy;
      highest = rating.reward;
    }
  }
  return best;
}

/**
 * The better of the best policy of a fine-tuning so far and the one that it has come to; the earlier one on a tie.
 * @param judged false where there are no validation videos: then the latest is the result
 */
export function electLatest(before: RatedPolicy | undefined, now: RatedPolicy, judged: boolean): RatedPolicy {
  if (!before || !judged) return now;
  return now.validationReward > before.validationReward ? now : before;
}
