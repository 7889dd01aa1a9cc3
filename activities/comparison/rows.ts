/** What a comparison froze of its rows when it was planned; every later stage reads it. */
import { z } from 'zod';
import type { SystemTraining } from '../../comparison/system.ts';
import { ComparedRowSchema, RowPlanSchema } from '../../contracts/comparison.ts';
import type { ComparisonRefs } from '../../contracts/comparison-activities.ts';
import { ArtefactRefSchema } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { comparisonKeys, type RowOf } from '../../storage/comparison-keys.ts';
import { readJson } from '../artefacts/json-artefact.ts';
import type { ActivityContext } from '../context.ts';
import type { VideosOf } from '../videos/each-video.ts';

export const PlannedRowSchema = z.strictObject({
  row: ComparedRowSchema,
  plan: RowPlanSchema,
  title: z.string(),
  summary: z.string(),
  standing: z.enum(['contender', 'reference', 'oracle']),
  files: z.record(z.string(), ArtefactRefSchema),
  rewards: z.array(ArtefactRefSchema).describe('that the model made before was fine-tuned against'),
});
export type PlannedRow = z.infer<typeof PlannedRowSchema>;

export const RowsSchema = z.strictObject({
  rows: z.array(PlannedRowSchema),
  minutes: z.strictObject({ source: z.number(), adaptation: z.number() }).exactOptional(),
  pictures: z.int().min(0),
});
export type Rows = z.infer<typeof RowsSchema>;

export function readRows({ rows }: Pick<ComparisonRefs, 'rows'>, context: ActivityContext): Promise<Rows> {
  return readJson(context, rows, RowsSchema);
}

/** Of a training within the comparison: rows that share it have it under the same name. */
export function trainingName(
  row: string,
  { name, isShared = false }: Pick<SystemTraining<unknown>, 'name' | 'isShared'>,
): string {
  return isShared ? name : `${row}.${name}`;
}

/** Whose videos are gone through: what is wrong with one of them in this row says nothing of the others. */
export function ofRow({ run, row }: RowOf): VideosOf {
  return { run, reasonKey: (id) => comparisonKeys.reason({ run, row }, id) };
}

/** @throws DomainError ConfigInvalid when there is no such row. */
export function rowNamed({ rows }: Rows, name: string): PlannedRow {
  const found = rows.find(({ row }) => row.name === name);
  if (found) return found;
  throw new DomainError('ConfigInvalid', `The comparison has no row "${name}".`);
}
