/** Lets the best policy of a run through the gate, or not: the champion of a model is replaced by what is no worse. */
import type { PromoteInput } from '../contracts/activities.ts';
import { SelectionSchema } from '../contracts/documents.ts';
import { type PromotionResult, PromotionResultSchema } from '../contracts/results.ts';
import { judgeChallenge } from '../decisions/gate.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { replaceChampion } from '../storage/champions.ts';
import { runKeys } from '../storage/keys.ts';
import { rewardNetworksOf } from '../storage/reward-lineage.ts';
import { findJson, readJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';

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
  const shapes = await findArtefact(context.store, runKeys.linearShapes(run));
  let verdict: PromotionResult = { promoted: false, reason: '' };
  await replaceChampion(context.store, model, (champion) => {
    verdict = judgeChallenge(champion, { run, model, best, policies, ratings });
    // An earlier attempt of this activity got as far as the pointer.
    if (!verdict.promoted || champion?.run === run) return undefined;
    return {
      run,
      iteration: best.iteration,
      policy: best.policy,
      config,
      reason: verdict.reason,
      ...(rewardNetworks.length > 0 && { rewardNetworks }),
      ...(shapes && { shapes }),
      ...(reward !== undefined && { reward }),
    };
  });
  await writeJson(context, key, verdict, [best.policy, selection]);
  return verdict;
}
