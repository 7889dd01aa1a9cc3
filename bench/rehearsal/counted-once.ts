/** Whether every video of a rehearsal was predicted, labelled, scored and counted exactly once. */
import { activityKeys } from '../../activities/artefacts/run-keys.ts';
import { ShardScoresSchema } from '../../activities/evaluation/documents.ts';
import type { Progress } from '../../contracts/messages.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import type { RehearsalVideos } from './dataset.ts';

/** @returns what is wrong, in words; nothing when all is as it should be. */
export async function problemsOfCounts(
  store: ObjectStore,
  run: string,
  videos: RehearsalVideos,
  progress: Progress,
): Promise<string[]> {
  const problems: string[] = [];
  const expectAll = async (what: string, folder: string, ids: readonly string[]): Promise<void> => {
    const found = await idsBelow(store, folder);
    const missing = ids.filter((id) => found.get(id) !== 1);
    if (missing.length > 0 || found.size !== ids.length)
      problems.push(`${what}: ${found.size} of ${ids.length} videos, ${missing.length} not exactly once`);
  };
  const triples = activityKeys.triples(run, 1, 'x').key.replace(/x\.triples$/, '');
  await expectAll('triples', triples, videos.target);
  await expectAll('predictions of the target', predictionsOf(run, 1, 'target'), videos.target);
  for (const iteration of [0, 1]) {
    for (const split of ['validation', 'test'] as const) {
      const name = `${split} after iteration ${iteration}`;
      await expectAll(`predictions of ${name}`, predictionsOf(run, iteration, split), videos[split]);
      const scored = await scoredIds(store, `${runKeys.iteration(run, iteration)}scores/${split}-`);
      if (!sameOnce(scored, videos[split]))
        problems.push(`scores of ${name}: ${scored.length}, for ${videos[split].length} videos`);
    }
  }
  const { kept = 0, corrected = 0, rejected = 0 } = progress.labels ?? {};
  if (kept + corrected + rejected !== videos.target.length)
    problems.push(`counted as labelled: ${kept + corrected + rejected} of ${videos.target.length}`);
  if (progress.quarantined !== 0) problems.push(`counted as quarantined: ${progress.quarantined} of 0`);
  return problems;
}

function predictionsOf(run: string, iteration: number, split: 'target' | 'validation' | 'test'): string {
  return runKeys.prediction(run, iteration, split, 'x').replace(/x\.nii\.gz$/, '');
}

/** How many complete artefacts of each video lie in the folder. */
async function idsBelow(store: ObjectStore, folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { key } of store.list(folder)) {
    const id = /^([^/.]+)\.[a-z.]+\.json$/.exec(key.slice(folder.length))?.[1];
    if (id) found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

async function scoredIds(store: ObjectStore, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of store.list(prefix)) {
    if (!/-\d+\.json$/.test(key)) continue;
    const bytes = await store.get(key);
    const { scores } = ShardScoresSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    ids.push(...scores.map(({ id }) => id));
  }
  return ids;
}

function sameOnce(found: readonly string[], expected: readonly string[]): boolean {
  return found.length === expected.length && new Set([...found, ...expected]).size === expected.length;
}
