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
  type RewardModel,
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

const count = z.int().min(0);

export const PlanRunInputSchema = z.strictObject({ run: z.string().min(1), config: GivenRunConfigSchema });
export type PlanRunInput = Readonly<z.infer<typeof PlanRunInputSchema>>;

/** What every later activity of a run is told. */
export const RunInputSchema = z.strictObject({
  run: z.string().min(1),
  config: ArtefactRefSchema,
  plan: ArtefactRefSchema,
});
export type RunInput = Readonly<z.infer<typeof RunInputSchema>>;

/** Of every training: what it is told beside its data. */
export const TrainingInputSchema = RunInputSchema.extend({
  /** Multiplies the configured learning rates: below 1 after a training that diverged, 1 when left out. */
  rateFactor: z.number().positive().exactOptional(),
});
export type TrainingInput = Readonly<z.infer<typeof TrainingInputSchema>>;

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

export const TrainingResultSchema = z.strictObject({
  curve: ArtefactRefSchema.describe('measures per step or epoch, JSON, for the report'),
  steps: count,
});
export type TrainingResult = Readonly<z.infer<typeof TrainingResultSchema>>;

export interface PretrainResult extends TrainingResult {
  readonly policy: ArtefactRef;
  readonly quarantined: number;
}

export interface AutoencoderResult extends TrainingResult {
  readonly autoencoder: ArtefactRef;
  readonly quarantined: number;
}

export interface LinearShapesResult {
  readonly shapes: ArtefactRef;
  readonly quarantined: number;
}

export const FitLandmarkInputSchema = TrainingInputSchema.extend({
  policy: ArtefactRefSchema.describe('its degraded predictions of the source are learned from'),
});
export type FitLandmarkInput = Readonly<z.infer<typeof FitLandmarkInputSchema>>;

export interface FitLandmarkResult extends TrainingResult {
  readonly landmark: ArtefactRef;
  readonly triples: number;
  readonly validationLoss: number;
  readonly quarantined: number;
}

export const FitRewardInputSchema = TrainingInputSchema.extend({ iteration: count });
export type FitRewardInput = Readonly<z.infer<typeof FitRewardInputSchema>>;

export interface FitRewardResult extends TrainingResult {
  readonly reward: RewardModel;
  readonly triples: number;
  readonly validationLoss: number;
}

export const FineTuneInputSchema = TrainingInputSchema.extend({
  iteration: count,
  policy: ArtefactRefSchema.describe('where the fine-tuning starts'),
  reference: ArtefactRefSchema.describe(
    'the frozen policy that the divergence penalty holds on to (method.md 6)',
  ),
  critic: ArtefactRefSchema.exactOptional().describe(
    'of the local-SGD round before; an iteration begins with a new one, as its reward is a new one too',
  ),
  reward: RewardModelSchema,
});
export type FineTuneInput = Readonly<z.infer<typeof FineTuneInputSchema>>;

export interface FineTuneResult extends TrainingResult {
  readonly policy: ArtefactRef;
  /** Mean reward on validation videos of the policy that was kept. */
  readonly validationReward: number;
}

/** A policy with its mean reward on the validation videos. */
export const RatedPolicySchema = z.strictObject({ policy: ArtefactRefSchema, validationReward: z.number() });
export type RatedPolicy = Readonly<z.infer<typeof RatedPolicySchema>>;

/** One worker's part of a local-SGD round (method.md 7); `policy` and `critic` are those that the round starts from. */
export const TrainLocallyInputSchema = FineTuneInputSchema.extend({
  round: z.int().min(1),
  worker: count.describe('from 0'),
  steps: count.describe('windows to train on'),
  before: ArtefactRefSchema.exactOptional().describe(
    'what this worker made in the round before: its optimisers go on from there',
  ),
});
export type TrainLocallyInput = Readonly<z.infer<typeof TrainLocallyInputSchema>>;

export const TrainLocallyResultSchema = TrainingResultSchema.extend({
  local: ArtefactRefSchema.describe(
    "weight deltas of policy and critic, and the moments of this worker's optimisers",
  ),
});
export type TrainLocallyResult = Readonly<z.infer<typeof TrainLocallyResultSchema>>;

/** `policy` and `critic` are those that the round started from. */
export const MergeRoundInputSchema = FineTuneInputSchema.extend({
  round: z.int().min(1),
  start: ArtefactRefSchema.describe('the policy that the first round started from'),
  locals: list(TrainLocallyResultSchema).describe('one per worker, in their order'),
  momentum: ArtefactRefSchema.exactOptional().describe('of the outer step of the round before'),
  best: RatedPolicySchema.exactOptional().describe('of all rounds before'),
});
export type MergeRoundInput = Readonly<z.infer<typeof MergeRoundInputSchema>>;

export interface MergeRoundResult {
  readonly policy: ArtefactRef;
  /** Of the published objective. */
  readonly critic?: ArtefactRef;
  readonly momentum: ArtefactRef;
  readonly best: RatedPolicy;
  /** Measures of the round, JSON. */
  readonly curve: ArtefactRef;
}

export const ConcludeRoundsInputSchema = TrainingInputSchema.extend({
  iteration: count,
  best: RatedPolicySchema,
  curves: list(ArtefactRefSchema).describe(
    'of every round, in order, from versions that did not say `rounds`',
  ),
  rounds: z.int().min(1).exactOptional().describe('how many there were'),
});
export type ConcludeRoundsInput = Readonly<z.infer<typeof ConcludeRoundsInputSchema>>;

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
  pretrainPolicy: TrainingInputSchema,
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
