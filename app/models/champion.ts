/** Models in the store: who is champion, who was, and how that changes. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import type { Champion } from '../../storage/champion.ts';
import { companionsOf } from '../../storage/champion-companions.ts';
import { readChampion, readHistory, replaceChampion } from '../../storage/champions.ts';
import { modelKeys, runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { didYouMean } from '../did-you-mean.ts';

export async function listModels(store: ObjectStore): Promise<Champion[]> {
  const champions: Champion[] = [];
  for await (const { key } of store.list(modelKeys.root)) {
    const name = /^models\/([^/]+)\/champion\.json$/.exec(key)?.[1];
    const champion = name === undefined ? undefined : await readChampion(store, name);
    if (champion) champions.push(champion);
  }
  return champions;
}

/** @throws DomainError ConfigInvalid when there is no such model. */
export async function requireChampion(store: ObjectStore, model: string): Promise<Champion> {
  const champion = await readChampion(store, model);
  if (champion) return champion;
  const known = (await listModels(store)).map((found) => found.model);
  throw new DomainError(
    'ConfigInvalid',
    `There is no model ${model} in the store (it holds ${known.join(', ') || 'none'}).${didYouMean(model, known)} Make one: npx echoloop models promote ${model} --run RUN`,
  );
}

/**
 * Makes a policy of a run the champion, past the gate.
 * @throws DomainError ArtefactMissing when the run has no such policy.
 */
export async function promoteByHand(
  store: ObjectStore,
  model: string,
  run: string,
  iteration: number,
): Promise<Champion> {
  const policy = await requireArtefact(store, runKeys.policy(run, iteration));
  const config = await requireArtefact(store, runKeys.config(run));
  const companions = await companionsOf(store, run, await lastPolicyKey(store, run, iteration));
  const champion = await replaceChampion(store, model, () => ({
    run,
    iteration,
    policy,
    config,
    ...companions,
    reason: 'Promoted by hand.',
  }));
  return champion ?? requireChampion(store, model);
}

/** Back to the champion before the present one. @throws DomainError ConfigInvalid when there was none. */
export async function rollBack(store: ObjectStore, model: string): Promise<Champion> {
  await requireChampion(store, model);
  const champion = await replaceChampion(store, model, async (present) => {
    const history = await readHistory(store, model);
    const first = history.findIndex((entry) => entry.policy.sha256 === present?.policy.sha256);
    const earlier = history[first - 1];
    if (!earlier) {
      throw new DomainError('ConfigInvalid', `The model ${model} has no earlier champion to go back to.`);
    }
    const { model: _, sequence, ...rest } = earlier;
    return { ...rest, reason: `Rolled back to entry ${sequence}.` };
  });
  return champion ?? requireChampion(store, model);
}

/** Its reward networks judged all policies of the run. */
async function lastPolicyKey(store: ObjectStore, run: string, iteration: number): Promise<string> {
  let last = iteration;
  while (await findArtefact(store, runKeys.policy(run, last + 1))) last++;
  return runKeys.policy(run, last);
}

async function requireArtefact(store: ObjectStore, key: string): Promise<ArtefactRef> {
  const found = await findArtefact(store, key);
  if (found) return found;
  throw new DomainError(
    'ArtefactMissing',
    `The store has no ${key}. Check the run and the iteration: npx echoloop status`,
  );
}
