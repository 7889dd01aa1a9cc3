/** What is kept of the comparison of a seed: its table, and the scores that tables of several seeds are made from. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShardScoresSchema } from '../../activities/evaluation/documents.ts';
import { ComparisonTableSchema } from '../../comparison/table/table.ts';
import type { ComparisonResult } from '../../contracts/comparison.ts';
import { PlanSchema } from '../../contracts/documents.ts';
import { VideoScoreSchema } from '../../metrics/evaluation.ts';
import { readArtefact, readArtefactAt } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';

const KeptSchema = z.strictObject({
  table: ComparisonTableSchema,
  scores: z.record(z.string(), z.array(VideoScoreSchema)).describe('of the test videos, by row'),
  studies: z.record(z.string(), z.string()).describe('patient of every video'),
});
export type KeptComparison = Readonly<z.infer<typeof KeptSchema>>;

function fileOf(folder: string): string {
  return join(folder, 'scores.json');
}

/** Undefined before the comparison has ended. */
export function readKept(folder: string): KeptComparison | undefined {
  return existsSync(fileOf(folder))
    ? KeptSchema.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')))
    : undefined;
}

/** Reads them out of the store and writes them into the folder. */
export async function keep(
  store: ObjectStore,
  { run, rows, files }: ComparisonResult,
  folder: string,
): Promise<KeptComparison> {
  const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
  const { test, studies } = PlanSchema.parse(json((await readArtefactAt(store, runKeys.plan(run)))!.bytes));
  const scores: KeptComparison['scores'] = {};
  for (const { name, unavailable } of rows) {
    scores[name] = [];
    if (unavailable !== undefined) continue;
    for (const shard of test.keys()) {
      const found = await readArtefactAt(store, comparisonKeys.scores({ run, row: name }, shard));
      if (found) scores[name].push(...ShardScoresSchema.parse(json(found.bytes)).scores);
    }
  }
  const table = ComparisonTableSchema.parse(json(await readArtefact(store, files.json)));
  const kept = { table, scores, studies };
  await writeWholeFile(fileOf(folder), JSON.stringify(kept));
  return kept;
}
