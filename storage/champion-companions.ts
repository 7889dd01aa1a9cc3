import { findArtefact } from './artefacts.ts';
import type { Champion } from './champion.ts';
import { runKeys } from './keys.ts';
import { rewardNetworksOf } from './reward-lineage.ts';
import type { ObjectStore } from './store.ts';

/**
 * What a champion out of a run brings along beside its policy: the reward networks of the run's last policy, which
 * judged all of them, the one before adaptation included, and the shapes that complete its segmentations.
 * @param lastPolicy its key, if the run has policies
 */
export async function companionsOf(
  store: ObjectStore,
  run: string,
  lastPolicy: string | undefined,
): Promise<Pick<Champion, 'rewardNetworks' | 'shapes'>> {
  const rewardNetworks = lastPolicy === undefined ? [] : await rewardNetworksOf(store, lastPolicy);
  const shapes = await findArtefact(store, runKeys.linearShapes(run));
  return { ...(rewardNetworks.length > 0 && { rewardNetworks }), ...(shapes && { shapes }) };
}
