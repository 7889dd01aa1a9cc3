/** Picks the policy with the best validation reward of a run (method.md 1e), of those that broke no frames. */
import { z } from 'zod';
import type { SelectBestInput, SelectBestResult } from '../contracts/activities.ts';
import type { PolicyResult } from '../contracts/messages.ts';
import { eligiblePolicies } from '../decisions/eligible-policies.ts';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';

const NumbersSchema = z.strictObject({
  videos: z.int(),
  anatomicalValidity: z.number(),
  temporalValidity: z.number(),
  dice: z.number().optional(),
  diceLv: z.number().optional(),
  diceMyo: z.number().optional(),
  hausdorffMm: z.number().optional(),
  mistakesPerCycle5mm: z.number().optional(),
});

/** What the choice was made from. */
export const SelectionSchema = z.strictObject({
  best: z.int().min(0),
  policies: z.array(
    z.strictObject({
      iteration: z.int().min(0),
      policy: ArtefactRefSchema,
      evaluation: ArtefactRefSchema,
      validation: NumbersSchema.optional(),
      test: NumbersSchema.optional(),
      validFrames: z.number().optional(),
      reward: z.number().optional(),
    }),
  ),
  ratings: z.array(z.strictObject({ iteration: z.int().min(0), reward: z.number(), videos: z.int().min(0) })),
});

export async function selectBest(
  input: SelectBestInput,
  context: ActivityContext,
): Promise<SelectBestResult> {
  const { run, policies, ratings } = input;
  const best = bestOf(policies, ratings);
  const document: z.infer<typeof SelectionSchema> = {
    best: best.iteration,
    policies: policies.map((policy) => ({ ...policy })),
    ratings: ratings.map((rating) => ({ ...rating })),
  };
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
