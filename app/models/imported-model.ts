/**
 * Imported weights as part of a model in the store: a policy becomes its champion, a reward network judges its
 * champion.
 */

import { DomainError } from '../../ground/errors.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import { readArtefact, sha256Of, writeArtefact } from '../../storage/artefacts.ts';
import type { Champion } from '../../storage/champion.ts';
import { replaceChampion } from '../../storage/champions.ts';
import { modelKeys } from '../../storage/keys.ts';
import { rewardNetworksOf } from '../../storage/reward-lineage.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { requireChampion } from './champion.ts';

export interface ImportedCheckpoint {
  readonly bytes: Uint8Array;
  readonly kind: NetworkKind;
  readonly codeVersion: string;
}

/**
 * Stores the checkpoint and makes the model's next champion with it. A new policy keeps the model's reward networks
 * only by being named again: they judged another policy.
 * @throws DomainError ConfigInvalid for a critic, and for a reward network of a model that does not exist.
 */
export async function addImported(
  store: ObjectStore,
  model: string,
  { bytes, kind, codeVersion }: ImportedCheckpoint,
): Promise<Champion> {
  if (kind === 'critic') {
    throw new DomainError(
      'ConfigInvalid',
      'A model in the store is a policy with reward networks; a critic is no part of it. Keep it as a file: --out FILE.',
    );
  }
  // Before anything is written: a reward network needs a policy to judge.
  if (kind !== 'policy') await requireChampion(store, model);
  const reference = await writeArtefact(store, modelKeys.imported(model, sha256Of(bytes)), bytes, {
    inputs: [],
    codeVersion,
    mediaType: 'application/octet-stream',
  });
  if (kind === 'policy') {
    const champion = await replaceChampion(store, model, () => ({
      policy: reference,
      reason: 'Imported.',
    }));
    return champion ?? requireChampion(store, model);
  }
  const { policy } = await requireChampion(store, model);
  const others = await rewardsOfOtherKinds(store, model, kind);
  const champion = await replaceChampion(store, model, (present) => {
    if (present?.policy.sha256 !== policy.sha256) {
      throw new DomainError(
        'ConfigInvalid',
        `The champion of ${model} changed while its reward network was imported. Look at it (npx echoloop models show ${model}) and import again.`,
      );
    }
    const { model: _, sequence: __, ...rest } = present;
    return { ...rest, rewardNetworks: [...others, reference], reason: `With an imported ${kind} network.` };
  });
  return champion ?? requireChampion(store, model);
}

async function rewardsOfOtherKinds(store: ObjectStore, model: string, kind: NetworkKind) {
  const champion = await requireChampion(store, model);
  const references = champion.rewardNetworks ?? (await rewardNetworksOf(store, champion.policy.key));
  const others = [];
  for (const reference of references) {
    const { metadata } = decodeSafetensors(await readArtefact(store, reference));
    if (metadata.kind !== kind) others.push(reference);
  }
  return others;
}
