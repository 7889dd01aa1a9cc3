/** The table of a comparison as a document: its schema, which every form of the table is written from. */
import { z } from 'zod';
import { measureNames } from './measures.ts';

const count = z.int().min(0);

/** The name under which the time of a run of this project stands among a row's trainings. */
export const ADAPTATION = 'adaptation';

export const CellSchema = z.strictObject({
  mean: z.number().describe('over videos; shares in [0, 1]'),
  low: z
    .number()
    .exactOptional()
    .describe('of the 95 % interval, from resampling patients; of one patient there is none'),
  high: z.number().exactOptional(),
  videos: count.describe('that have the measure'),
  best: z.boolean().describe('of the contenders, to whom videos that they miss count as the worst'),
  versusBest: z
    .strictObject({
      difference: z
        .number()
        .describe("mean over patients of this row's value less the best one's, on their common videos"),
      pValue: z.number().describe('two-sided: Wilcoxon on measures, the exact sign test on verdicts'),
      adjusted: z
        .number()
        .describe('the same, corrected for the rows that are tested on this measure (Holm)'),
      patients: count.describe('with videos under both'),
    })
    .exactOptional(),
});
export type Cell = Readonly<z.infer<typeof CellSchema>>;

export const TableRowSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  standing: z.enum(['contender', 'reference', 'oracle']),
  unavailable: z.string().exactOptional().describe('why there are no numbers'),
  missing: count.describe('test videos without a prediction or scores'),
  faults: z
    .array(
      z.strictObject({
        code: z.string(),
        videos: count,
        reason: z.string().describe('of the first of them'),
      }),
    )
    .exactOptional()
    .describe('why videos are missing, by kind; not there in tables of earlier versions'),
  trainings: z.array(z.strictObject({ name: z.string(), steps: count, seconds: z.number() })),
  cells: z.partialRecord(z.enum(measureNames), CellSchema),
});
export type TableRow = Readonly<z.infer<typeof TableRowSchema>>;

export const ComparisonTableSchema = z.strictObject({
  source: z.string(),
  target: z.string(),
  seeds: z.array(count).min(1).describe('of the comparisons that it is made of'),
  videos: count.describe('in the test set'),
  patients: count,
  minutes: z.strictObject({ source: z.number(), adaptation: z.number() }).exactOptional(),
  initialPolicy: z.string().exactOptional().describe('key of the source policy that was given'),
  inference: z.string().describe('how policies of this project segment, in words'),
  codeVersion: z.string(),
  rows: z.array(TableRowSchema),
});
export type ComparisonTable = Readonly<z.infer<typeof ComparisonTableSchema>>;
