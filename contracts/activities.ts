/**
 * The activities as workflows call them: references and small numbers in and out, never pixels or weights. Inputs
 * have a schema, which the process that runs the activity checks; results are read by workflows, which hold no
 * schemas.
 */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import type { Calls } from './activity-calls.ts';
import {
  type ComparisonComputeResults,
  type ComparisonIoResults,
  comparisonComputeInputs,
  comparisonIoInputs,
} from './comparison-activities.ts';
import {
  GivenRunConfigSchema,
  type LabelCounts,
  LabelCountsSchema,
  list,
  RewardModelSchema,
  type RunPlan,
} from './messages.ts';
import {
  type ChangeIntervals,
  type PolicyRating,
  PolicyRatingSchema,
  type PolicyResult,
  PolicyResultSchema,
  type PromotionResult,
  PromotionResultSchema,
} from './results.ts';
import {
  ConcludeRoundsInputSchema,
  MergeRoundInputSchema,
  type MergeRoundResult,
  TrainLocallyInputSchema,
  type TrainLocallyResult,
} from './round-activities.ts';
import {
  type AutoencoderResult,
  FineTuneInputSchema,
  type FineTuneResult,
  FitLandmarkInputSchema,
  type FitLandmarkResult,
  FitRewardInputSchema,
  type FitRewardResult,
  type LinearShapesResult,
  PretrainInputSchema,
  type PretrainResult,
  RunInputSchema,
  TrainingInputSchema,
} from './training-activities.ts';

const count = z.int().min(0);

export const PlanRunInputSchema = z.strictObject({ run: z.string().min(1), config: GivenRunConfigSchema });
export type PlanRunInput = Readonly<z.infer<typeof PlanRunInputSchema>>;

/** Which videos of the target a sweep goes over. */
export const SweepSplitSchema = z.enum(['target', 'validation', 'test']);
export type SweepSplit = z.infer<typeof SweepSplitSchema>;

export const ShardInputSchema = RunInputSchema.extend({
  iteration: count,
  split: SweepSplitSchema,
  shard: count.describe('from 0'),
});
export type ShardInput = Readonly<z.infer<typeof ShardInputSchema>>;

export const PredictShardInputSchema = ShardInputSchema.extend({ policy: ArtefactRefSchema });
export type PredictShardInput = Readonly<z.infer<typeof PredictShardInputSchema>>;

/** `done + quarantined` is the number of videos in the shard. */
export interface ShardResult {
  readonly done: number;
  readonly quarantined: number;
}

export const LabelShardInputSchema = ShardInputSchema.extend({
  policy: ArtefactRefSchema,
  autoencoder: ArtefactRefSchema.exactOptional(),
});
export type LabelShardInput = Readonly<z.infer<typeof LabelShardInputSchema>>;

export interface LabelShardResult extends ShardResult {
  readonly counts: LabelCounts;
}

export const SummariseInputSchema = RunInputSchema.extend({ iteration: count });
export type SummariseInput = Readonly<z.infer<typeof SummariseInputSchema>>;

export type SummariseResult = Pick<
  PolicyResult,
  'evaluation' | 'validation' | 'test' | 'plain' | 'validFrames'
>;

export const RatePolicyInputSchema = RunInputSchema.extend({
  iteration: count.describe('whose stored validation predictions are rated'),
  policy: ArtefactRefSchema,
  reward: RewardModelSchema,
  among: list(count)
    .exactOptional()
    .describe(
      'iterations whose policies stand for election: rated is where their predictions differ; all pixels when left out',
    ),
});
export type RatePolicyInput = Readonly<z.infer<typeof RatePolicyInputSchema>>;

export type RatePolicyResult = PolicyRating;

export const SelectBestInputSchema = RunInputSchema.extend({
  policies: list(PolicyResultSchema),
  ratings: list(PolicyRatingSchema).describe(
    'every policy rated by the same reward network; empty when the run stopped before one was fitted',
  ),
});
export type SelectBestInput = Readonly<z.infer<typeof SelectBestInputSchema>>;

export interface SelectBestResult {
  readonly best: PolicyResult;
  readonly selection: ArtefactRef;
}

export const PromoteInputSchema = RunInputSchema.extend({
  model: z.string().min(1),
  best: PolicyResultSchema,
  selection: ArtefactRefSchema,
});
export type PromoteInput = Readonly<z.infer<typeof PromoteInputSchema>>;

export const WriteReportInputSchema = RunInputSchema.extend({
  policies: list(PolicyResultSchema),
  best: PolicyResultSchema,
  labels: list(LabelCountsSchema),
  quarantined: count,
  promotion: PromotionResultSchema.exactOptional(),
});
export type WriteReportInput = Readonly<z.infer<typeof WriteReportInputSchema>>;

export interface WriteReportResult {
  readonly report: ArtefactRef;
  /** Of the best policy from the first one, on test videos that both were scored on. */
  readonly change?: ChangeIntervals;
  /** Of the best policy from the first one segmented as published. */
  readonly changeFromPlain?: ChangeIntervals;
}

export const ReadChampionInputSchema = z.strictObject({ model: z.string().min(1) });
export type ReadChampionInput = Readonly<z.infer<typeof ReadChampionInputSchema>>;

/** No `policy` when the model has no champion yet. */
export interface ReadChampionResult {
  readonly policy?: ArtefactRef;
}

/** What io workers serve, each with the schema of its input. */
export const ioInputs = {
  planRun: PlanRunInputSchema,
  concludeRounds: ConcludeRoundsInputSchema,
  scoreShard: ShardInputSchema,
  summariseEvaluation: SummariseInputSchema,
  selectBest: SelectBestInputSchema,
  promote: PromoteInputSchema,
  readChampion: ReadChampionInputSchema,
  writeReport: WriteReportInputSchema,
  ...comparisonIoInputs,
} as const;

/** What compute workers serve. */
export const computeInputs = {
  pretrainPolicy: PretrainInputSchema,
  fitShapeAutoencoder: TrainingInputSchema,
  fitLinearShapes: RunInputSchema,
  fitLandmarkReward: FitLandmarkInputSchema,
  predictShard: PredictShardInputSchema,
  labelShard: LabelShardInputSchema,
  fitRewardNetwork: FitRewardInputSchema,
  fineTunePolicy: FineTuneInputSchema,
  trainLocally: TrainLocallyInputSchema,
  mergeRound: MergeRoundInputSchema,
  ratePolicy: RatePolicyInputSchema,
  ...comparisonComputeInputs,
} as const;

interface IoResults extends ComparisonIoResults {
  planRun: RunPlan;
  concludeRounds: FineTuneResult;
  scoreShard: ShardResult;
  summariseEvaluation: SummariseResult;
  selectBest: SelectBestResult;
  promote: PromotionResult;
  readChampion: ReadChampionResult;
  writeReport: WriteReportResult;
}

interface ComputeResults extends ComparisonComputeResults {
  pretrainPolicy: PretrainResult;
  fitShapeAutoencoder: AutoencoderResult;
  fitLinearShapes: LinearShapesResult;
  fitLandmarkReward: FitLandmarkResult;
  predictShard: ShardResult;
  labelShard: LabelShardResult;
  fitRewardNetwork: FitRewardResult;
  fineTunePolicy: FineTuneResult;
  trainLocally: TrainLocallyResult;
  mergeRound: MergeRoundResult;
  ratePolicy: RatePolicyResult;
}

export type IoActivities = Calls<typeof ioInputs, IoResults>;
export type ComputeActivities = Calls<typeof computeInputs, ComputeResults>;
export type ComputeActivityName = keyof ComputeActivities;
