/** Picks the policy with the best validation reward of a run (method.md 1e), of those that broke no frames. */
import { z } from 'zod';
import {
  RatePolicyResultSchema,
  type SelectBestInput,
  type SelectBestResult,
} from '../contracts/activities.ts';
import { list, type PolicyResult, PolicyResultSchema } from '../contracts/messages.ts';
import { eligiblePolicies } from '../decisions/eligible-policies.ts';
import type { ActivityContext } from './context.ts';
import { writeJson } from './json-artefact.ts';
import { activityKeys } from './run-keys.ts';

/** What the choice was made from. */
export const SelectionSchema = z.strictObject({
  best: z.int().min(0),
  policies: list(PolicyResultSchema),
  ratings: list(RatePolicyResultSchema),
});

export async function selectBest(
  input: SelectBestInput,
  context: ActivityContext,
): Promise<SelectBestResult> {
  const { run, policies, ratings } = input;
  const best = bestOf(policies, ratings);
  const document: z.infer<typeof SelectionSchema> = { best: best.iteration, policies, ratings };
  const inputs = policies.map(({ policy }) => policy);
  return { best, selection: await writeJson(context, activityKeys.selection(run), document, inputs) };
}

/** The highest rating; the earlier policy on a tie. Without ratings, the latest policy: there was nothing to judge by. */
function bestOf(policies: SelectBestInput['policies'], ratings: SelectBestInput['ratings']): PolicyResult {
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
