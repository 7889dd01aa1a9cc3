/**
 * A comparison of systems on the same test videos: what is asked for, what its workflow carries from one row to the
 * next, what it answers. Like messages.ts, one schema each; workflows import the types alone.
 */
import { z } from 'zod';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { GivenRunConfigSchema, list, SteeringStateSchema, SweepSizeSchema } from './messages.ts';
import { COMPARISON_STATE_VERSION } from './names.ts';

const count = z.int().min(0);
const minutes = z
  .number()
  .positive()
  .max(7 * 24 * 60);

/** Part of keys and of workflow ids. */
const NameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/,
    '1 to 60 letters, digits, dots, dashes or underscores, beginning with a letter or digit',
  );

/** Where a trained model is taken from, instead of training it. */
export const MadeBeforeSchema = z.union([
  z.strictObject({
    run: z.string().min(1),
    iteration: count.exactOptional().describe('of its policies; the one that the run chose when left out'),
  }),
  z.strictObject({ model: z.string().min(1).describe('its champion') }),
  z.strictObject({ key: z.string().min(1).describe('of a checkpoint in the store') }),
]);
export type MadeBefore = Readonly<z.infer<typeof MadeBeforeSchema>>;

/** One row of the table: a system and what it is told. */
export const ComparedRowSchema = z.strictObject({
  name: NameSchema.describe('of the row, in the table and in keys'),
  system: z.string().min(1).describe('which system it is (comparison/registry.ts)'),
  settings: z.record(z.string(), z.json()).default({}).describe('of the system; it checks them itself'),
  from: MadeBeforeSchema.exactOptional().describe('a model that is there already'),
  files: z
    .record(NameSchema, z.string().min(1))
    .default({})
    .describe('keys of files in the store that the system is made of, such as ONNX models'),
});
export type ComparedRow = Readonly<z.infer<typeof ComparedRowSchema>>;

export const ComparisonConfigSchema = z.strictObject({
  run: GivenRunConfigSchema.describe('datasets, seed, preparation of videos, networks, adaptation'),
  rows: list(ComparedRowSchema)
    .refine((rows) => rows.length > 0, 'at least one row')
    .refine((rows) => rows.length <= 40, 'at most 40 rows')
    .refine(
      (rows) => new Set(rows.map(({ name }) => name)).size === rows.length,
      'every row has its own name',
    ),
  minutes: z
    .strictObject({
      source: minutes.describe('supervised training on the source, which several systems start from'),
      adaptation: minutes.describe('what comes after it; systems that begin anew have both together'),
    })
    .exactOptional()
    .describe('wall time of training, the same for every system; steps of the configuration when left out'),
  pictures: z.int().min(0).max(40).default(4).describe('test videos that are drawn'),
});
export type ComparisonConfig = Readonly<z.infer<typeof ComparisonConfigSchema>>;

/** What one training of a row came to. */
export const TrainedSchema = z.strictObject({
  name: z.string(),
  steps: count,
  seconds: z.number().min(0).describe('of wall time in its steps'),
});
export type Trained = Readonly<z.infer<typeof TrainedSchema>>;

/** What became of one row. */
export const RowResultSchema = z.strictObject({
  name: z.string(),
  model: ArtefactRefSchema.exactOptional(),
  trainings: list(TrainedSchema),
  missing: count.describe('test videos without a prediction'),
  unavailable: z.string().exactOptional().describe('why the row has no numbers'),
});
export type RowResult = Readonly<z.infer<typeof RowResultSchema>>;

/** What the workflow needs to know of a row. */
export const RowPlanSchema = z.strictObject({
  name: z.string(),
  system: z.string(),
  trainings: list(
    z.strictObject({
      name: z.string().describe('trainings of one name are the same and done once'),
      labels: z.boolean().describe('the target is labelled first, by what the training before made'),
      isSource: z.boolean().describe('replaced by the initial policy where one is given'),
    }),
  ),
  adaptation: z
    .strictObject({ run: z.string(), config: GivenRunConfigSchema })
    .exactOptional()
    .describe('a run of this project that makes the model, from what the trainings made'),
  model: ArtefactRefSchema.exactOptional().describe('made before'),
  unavailable: z.string().exactOptional(),
});
export type RowPlan = Readonly<z.infer<typeof RowPlanSchema>>;

export const ComparisonPlanSchema = z.strictObject({
  config: ArtefactRefSchema,
  plan: ArtefactRefSchema,
  rows: ArtefactRefSchema.describe('all that is known of the rows'),
  rowPlans: list(RowPlanSchema),
  target: SweepSizeSchema.describe('videos to adapt to'),
  test: SweepSizeSchema,
  initialPolicy: ArtefactRefSchema.exactOptional(),
});
export type ComparisonPlan = Readonly<z.infer<typeof ComparisonPlanSchema>>;

/** What one run of history hands to the next: one row a run. */
export const ComparisonStateSchema = z.strictObject({
  version: z.literal(COMPARISON_STATE_VERSION),
  startedAt: z.string(),
  plan: ComparisonPlanSchema,
  trained: z
    .record(z.string(), z.strictObject({ model: ArtefactRefSchema, trained: TrainedSchema }))
    .describe('trainings that are done, by name'),
  rows: list(RowResultSchema),
  steering: SteeringStateSchema,
});
export type ComparisonState = Readonly<z.infer<typeof ComparisonStateSchema>>;

export const ComparisonInputSchema = z.strictObject({
  run: NameSchema.describe('names the comparison in the store and is its workflow id'),
  config: ComparisonConfigSchema,
  carried: ComparisonStateSchema.exactOptional().describe('set by continue-as-new only'),
});
export type ComparisonInput = Readonly<z.infer<typeof ComparisonInputSchema>>;

/** Where the table lies, in every form. */
export const ComparisonFilesSchema = z.strictObject({
  json: ArtefactRefSchema,
  csv: ArtefactRefSchema,
  markdown: ArtefactRefSchema,
  latex: ArtefactRefSchema,
  page: ArtefactRefSchema.describe('the table with the pictures, one HTML file'),
  pictures: list(ArtefactRefSchema).describe('the same videos under every system, PNG'),
});
export type ComparisonFiles = Readonly<z.infer<typeof ComparisonFilesSchema>>;

export const ComparisonResultSchema = z.strictObject({
  run: z.string(),
  rows: list(RowResultSchema),
  files: ComparisonFilesSchema,
  stopped: z.boolean().describe('true when it was ended early by the `stop` update'),
});
export type ComparisonResult = Readonly<z.infer<typeof ComparisonResultSchema>>;

export const ComparisonStageSchema = z.enum([
  'planning',
  'fitting the linear shapes',
  'labelling',
  'training',
  'adapting',
  'predicting',
  'scoring',
  'writing the table',
  'done',
]);
export type ComparisonStage = z.infer<typeof ComparisonStageSchema>;

/** Answer of the `comparisonProgress` query. */
export const ComparisonProgressSchema = z.strictObject({
  run: z.string(),
  state: z.enum(['running', 'paused', 'stopping']),
  row: z.string().describe('empty before the first and after the last'),
  rowsDone: count,
  rows: count,
  stage: ComparisonStageSchema,
  done: count,
  total: count,
  startedAt: z.string(),
});
export type ComparisonProgress = Readonly<z.infer<typeof ComparisonProgressSchema>>;
