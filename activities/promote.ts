/** Lets the best policy of a run through the gate, or not: the champion of a model is replaced by what is no worse. */
import type { PromoteInput } from '../contracts/activities.ts';
import { SelectionSchema } from '../contracts/documents.ts';
import { type PromotionResult, PromotionResultSchema } from '../contracts/results.ts';
import { judgeChallenge } from '../decisions/gate.ts';
import { companionsOf } from '../storage/champion-companions.ts';
import { replaceChampion } from '../storage/champions.ts';
import { findJsonMadeFrom, readJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';

export async function promote(input: PromoteInput, context: ActivityContext): Promise<PromotionResult> {
  const { run, model, best, config, selection } = input;
  const key = activityKeys.promotion(run);
  const inputs = [best.policy, selection];
  const present = await findJsonMadeFrom(context, { key, schema: PromotionResultSchema }, inputs);
  if (present) return present;

  const { policies, ratings } = await readJson(context, selection, SelectionSchema);
  const reward = ratings.find(({ iteration }) => iteration === best.iteration)?.reward;
  const companions = await companionsOf(context.store, run, policies.at(-1)?.policy.key);
  let verdict: PromotionResult = { promoted: false, reason: '' };
  await replaceChampion(context.store, model, (champion) => {
    verdict = judgeChallenge(champion, { run, model, best, policies, ratings });
    // An earlier attempt of this activity got as far as the pointer.
    const isThere = champion?.run === run && champion.policy.sha256 === best.policy.sha256;
    if (!verdict.promoted || isThere) return undefined;
    return {
      run,
      iteration: best.iteration,
      policy: best.policy,
      config,
      reason: verdict.reason,
      ...companions,
      ...(reward !== undefined && { reward }),
    };
  });
  await writeJson(context, key, verdict, inputs);
  return verdict;
}
