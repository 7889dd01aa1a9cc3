/** The activities of a comparison as its workflow calls them, beside those of a run (activities.ts). */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import type { ShardResult } from './activities.ts';
import {
  ComparisonConfigSchema,
  type ComparisonFiles,
  type ComparisonPlan,
  RowResultSchema,
  type Trained,
} from './comparison.ts';
import { list } from './messages.ts';

const count = z.int().min(0);

export const PlanComparisonInputSchema = z.strictObject({
  run: z.string().min(1),
  config: ComparisonConfigSchema,
});
export type PlanComparisonInput = Readonly<z.infer<typeof PlanComparisonInputSchema>>;

/** What every later activity of a comparison is told. */
export const ComparisonRefsSchema = z.strictObject({
  run: z.string().min(1),
  config: ArtefactRefSchema,
  plan: ArtefactRefSchema,
  rows: ArtefactRefSchema,
});
export type ComparisonRefs = Readonly<z.infer<typeof ComparisonRefsSchema>>;

const OfRowSchema = ComparisonRefsSchema.extend({ row: z.string().min(1) });

export const TrainSystemInputSchema = OfRowSchema.extend({
  training: z.string().min(1),
  before: ArtefactRefSchema.exactOptional().describe('what the training before this one made'),
  rateFactor: z.number().positive().exactOptional().describe('as in TrainingInput'),
});
export type TrainSystemInput = Readonly<z.infer<typeof TrainSystemInputSchema>>;

export interface TrainSystemResult {
  readonly model: ArtefactRef;
  readonly trained: Trained;
}

export const LabelForSystemInputSchema = OfRowSchema.extend({
  training: z.string().min(1).describe('that learns from the labels'),
  model: ArtefactRefSchema.describe('that labels'),
  shard: count.describe('of the videos to adapt to, from 0'),
});
export type LabelForSystemInput = Readonly<z.infer<typeof LabelForSystemInputSchema>>;

export const PredictForSystemInputSchema = OfRowSchema.extend({
  model: ArtefactRefSchema.exactOptional(),
  adapted: ArtefactRefSchema.exactOptional().describe(
    'the last policy of the run that made the model: its record names the reward networks, also where an earlier policy was kept',
  ),
  shard: count.describe('of the test videos, from 0'),
});
export type PredictForSystemInput = Readonly<z.infer<typeof PredictForSystemInputSchema>>;

export const ScoreSystemInputSchema = OfRowSchema.extend({ shard: count });
export type ScoreSystemInput = Readonly<z.infer<typeof ScoreSystemInputSchema>>;

export const WriteComparisonInputSchema = ComparisonRefsSchema.extend({ results: list(RowResultSchema) });
export type WriteComparisonInput = Readonly<z.infer<typeof WriteComparisonInputSchema>>;

export const comparisonIoInputs = {
  scoreSystem: ScoreSystemInputSchema,
  writeComparison: WriteComparisonInputSchema,
} as const;

export const comparisonComputeInputs = {
  planComparison: PlanComparisonInputSchema,
  trainSystem: TrainSystemInputSchema,
  labelForSystem: LabelForSystemInputSchema,
  predictForSystem: PredictForSystemInputSchema,
} as const;

export interface ComparisonIoResults {
  scoreSystem: ShardResult;
  writeComparison: ComparisonFiles;
}

export interface ComparisonComputeResults {
  planComparison: ComparisonPlan;
  trainSystem: TrainSystemResult;
  labelForSystem: ShardResult;
  predictForSystem: ShardResult;
}
