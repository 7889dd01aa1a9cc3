/**
 * The gate: the best policy of a run becomes the champion of a model when, on the same validation videos, it is no worse than the
 * champion that the run started from.
 */
import type { PromoteInput } from '../contracts/activities.ts';
import { type PolicyResult, type PromotionResult, PromotionResultSchema } from '../contracts/messages.ts';
import type { Champion } from '../storage/champion.ts';
import { replaceChampion } from '../storage/champions.ts';
import { rewardNetworksOf } from '../storage/reward-lineage.ts';
import type { ActivityContext } from './context.ts';
import { findJson, readJson, writeJson } from './json-artefact.ts';
import { activityKeys } from './run-keys.ts';
import { SelectionSchema } from './select-best.ts';

export async function promote(input: PromoteInput, context: ActivityContext): Promise<PromotionResult> {
  const { run, model, best, config, selection } = input;
  const key = activityKeys.promotion(run);
  const present = await findJson(context, key, PromotionResultSchema);
  if (present) return present.value;

  const { policies, ratings } = await readJson(context, selection, SelectionSchema);
  const reward = ratings.find(({ iteration }) => iteration === best.iteration)?.reward;
  // The last policy's networks are those that judged all policies of the run, the one before adaptation included.
  const last = policies.at(-1);
  const rewardNetworks = last ? await rewardNetworksOf(context.store, last.policy.key) : [];
  let verdict: PromotionResult = { promoted: false, reason: '' };
  await replaceChampion(context.store, model, (champion) => {
    verdict = judge(champion, input, policies, ratings);
    // An earlier attempt of this activity got as far as the pointer.
    if (!verdict.promoted || champion?.run === run) return undefined;
    return {
      run,
      iteration: best.iteration,
      policy: best.policy,
      config,
      reason: verdict.reason,
      ...(rewardNetworks.length > 0 && { rewardNetworks }),
      ...(reward !== undefined && { reward }),
    };
  });
  await writeJson(context, key, verdict, [best.policy, selection]);
  return verdict;
}

function judge(
  champion: Champion | undefined,
  { run, model, best }: PromoteInput,
  policies: readonly PolicyResult[],
  ratings: readonly { readonly iteration: number; readonly reward: number }[],
): PromotionResult {
  if (!champion) return { promoted: true, reason: `${model} had no champion.` };
  if (champion.run === run) return { promoted: true, reason: champion.reason };
  const start = policies[0]!;
  if (start.policy.sha256 !== champion.policy.sha256) {
    return {
      promoted: false,
      reason: `The run did not start from the champion of ${model}, so the two were not compared. Promote the policy by hand if it is meant to replace it.`,
    };
  }
  if (best.iteration === 0)
    return { promoted: false, reason: 'No iteration was better than the champion on validation.' };
  const rewardOf = (iteration: number) =>
    ratings.find((rating) => rating.iteration === iteration)?.reward ?? Number.NaN;
  const checks = [
    { name: 'mean reward', before: rewardOf(0), now: rewardOf(best.iteration) },
    {
      name: 'share of anatomically valid videos',
      before: start.validation?.anatomicalValidity ?? Number.NaN,
      now: best.validation?.anatomicalValidity ?? Number.NaN,
    },
    {
      name: 'share of valid frames',
      before: start.validFrames ?? Number.NaN,
      now: best.validFrames ?? Number.NaN,
    },
  ];
  const text = ({ name, before, now }: (typeof checks)[number]) =>
    `${name} ${before.toFixed(4)} -> ${now.toFixed(4)}`;
  // A value that could not be measured is no reason to trust the challenger.
  const worse = checks.filter(({ before, now }) => !(now >= before));
  return worse.length === 0
    ? { promoted: true, reason: `No worse on validation: ${checks.map(text).join(', ')}.` }
    : { promoted: false, reason: `Worse on validation: ${worse.map(text).join(', ')}.` };
}
