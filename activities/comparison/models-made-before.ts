/** Models that a comparison does not train: policies of runs, champions, checkpoints that were handed in. */
import type { MadeBefore } from '../../contracts/comparison.ts';
import { SelectionSchema } from '../../contracts/documents.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { readChampion } from '../../storage/champions.ts';
import { runKeys } from '../../storage/keys.ts';
import { rewardNetworksOf } from '../../storage/reward-lineage.ts';
import { findJson } from '../artefacts/json-artefact.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import type { ActivityContext } from '../context.ts';

export interface FoundModel {
  readonly model?: ArtefactRef;
  /** Reward networks that it was fine-tuned against. */
  readonly rewards: readonly ArtefactRef[];
}

/** @throws DomainError ArtefactMissing saying what is not there. */
export async function findModel(from: MadeBefore, context: ActivityContext): Promise<FoundModel> {
  const { store } = context;
  if ('model' in from) {
    const champion = await readChampion(store, from.model);
    if (!champion) throw missing(`There is no model "${from.model}" in the store.`);
    const rewards = champion.rewardNetworks ?? (await rewardNetworksOf(store, champion.policy.key));
    return { model: champion.policy, rewards };
  }
  const { key, last = key }: { key: string; last?: string } =
    'key' in from ? from : await policyKeys(from, context);
  const model = await findArtefact(store, key);
  if (!model) throw missing(`${key} is not in the store.`);
  return { model, rewards: await rewardNetworksOf(store, last) };
}

/** Of the policy, and of the run's last one, which leads to reward networks where an earlier policy was kept. */
async function policyKeys(
  { run, iteration }: Extract<MadeBefore, { run: string }>,
  context: ActivityContext,
): Promise<{ key: string; last?: string }> {
  const selection = await findJson(context, activityKeys.selection(run), SelectionSchema);
  const last = selection?.value.policies.at(-1)?.policy.key;
  const kept = iteration ?? selection?.value.best;
  if (kept !== undefined) return { key: runKeys.policy(run, kept), ...(last !== undefined && { last }) };
  throw missing(`The run ${run} has not chosen its best policy, or does not exist; name an iteration of it.`);
}

function missing(reason: string): DomainError {
  return new DomainError('ArtefactMissing', `${reason} The row cannot be compared.`);
}
