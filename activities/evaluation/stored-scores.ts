/** Whether a shard is scored already. */
import type { ShardResult } from '../../contracts/activities.ts';
import { deleteArtefact, findArtefact } from '../../storage/artefacts.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { unlessDamaged } from '../artefacts/damage.ts';
import { findJson } from '../artefacts/json-artefact.ts';
import type { ActivityContext } from '../context.ts';
import { ShardScoresSchema } from './documents.ts';

/**
 * What came of it. Undefined where it has no scores, where they are damaged, and where a video that was left out may
 * have been restored since, as some could not be scored or more are predicted now: those are removed, to be made again.
 * @param predictions keys of those of all videos of the shard
 */
export async function findScored(
  context: ActivityContext,
  key: string,
  predictions: readonly string[],
): Promise<ShardResult | undefined> {
  const { store, signal } = context;
  const present = await unlessDamaged(context, key, () => findJson(context, key, ShardScoresSchema));
  if (!present) return undefined;
  const found = await inParallel(predictions, (prediction) => findArtefact(store, prediction), { signal });
  const { scores, quarantined } = present.value;
  if (quarantined === 0 && scores.length === found.filter(Boolean).length)
    return { done: scores.length, quarantined };
  await deleteArtefact(store, key);
  return undefined;
}
