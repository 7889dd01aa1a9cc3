/** What is known of each row when the table is made: its scores, its system, the time of its trainings. */
import type { ScoredRow } from '../../comparison/table/make-table.ts';
import { ADAPTATION } from '../../comparison/table/table.ts';
import type { RowResult, Trained } from '../../contracts/comparison.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { comparisonKeys, type RowOf } from '../../storage/comparison-keys.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { runKeys } from '../../storage/keys.ts';
import { findJson } from '../artefacts/json-artefact.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import type { ActivityContext } from '../context.ts';
import { ShardScoresSchema } from '../evaluation/documents.ts';
import { type QuarantineEntry, QuarantineEntrySchema } from '../videos/quarantine.ts';
import { type Rows, rowNamed } from './rows.ts';

export async function scoresOf(
  run: string,
  { name, unavailable }: RowResult,
  { plan }: RunFacts,
  context: ActivityContext,
): Promise<{ scores: VideoScore[]; references: ArtefactRef[] }> {
  const scores: VideoScore[] = [];
  const references: ArtefactRef[] = [];
  if (unavailable !== undefined) return { scores, references };
  for (const shard of plan.test.keys()) {
    const found = await findJson(
      context,
      comparisonKeys.scores({ run, row: name }, shard),
      ShardScoresSchema,
    );
    if (!found) continue;
    scores.push(...found.value.scores);
    references.push(found.reference);
  }
  return { scores, references };
}

/** Why test videos that have no scores have none, by kind; empty for a row that has all. */
export async function faultsOf(
  { run, row }: RowOf,
  videos: readonly string[],
  { store, signal }: ActivityContext,
): Promise<NonNullable<ScoredRow['faults']>> {
  const found = await inParallel(videos, (id) => store.get(comparisonKeys.reason({ run, row }, id)), {
    signal,
  });
  const faults = new Map<string, { videos: number; reason: string }>();
  for (const bytes of found) {
    if (!bytes) continue;
    const { code, reason } = entryIn(bytes);
    const known = faults.get(code) ?? { videos: 0, reason };
    faults.set(code, { ...known, videos: known.videos + 1 });
  }
  return [...faults].map(([code, fault]) => ({ code, ...fault }));
}

/** A reason that somebody damaged costs itself, and not the table. */
function entryIn(bytes: Uint8Array): Pick<QuarantineEntry, 'code' | 'reason'> {
  try {
    return QuarantineEntrySchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return { code: 'ChecksumMismatch', reason: 'What was written of it cannot be read.' };
  }
}

export async function rowFacts(
  { name, missing, trainings, unavailable }: RowResult,
  rows: Rows,
  context: ActivityContext,
): Promise<Omit<ScoredRow, 'scores'>> {
  const { title, summary, standing, plan } = rowNamed(rows, name);
  const adaptation = plan.adaptation && (await adaptationTime(plan.adaptation.run, context));
  return {
    name,
    title,
    summary,
    standing,
    missing,
    trainings: [...trainings, ...(adaptation ? [adaptation] : [])],
    ...(unavailable !== undefined && { unavailable }),
  };
}

/** From its plan to its choice, by the clock of the store: a run that is asked for again says the same. */
async function adaptationTime(run: string, { store }: ActivityContext): Promise<Trained | undefined> {
  const [begun, ended] = await Promise.all(
    [runKeys.config(run), activityKeys.selection(run)].map((key) => store.head(key)),
  );
  if (!begun || !ended) return undefined;
  return { name: ADAPTATION, steps: 0, seconds: (ended.writtenMs - begun.writtenMs) / 1000 };
}
