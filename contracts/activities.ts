/**
 * The activities as workflows call them: references and small numbers in and out, never pixels or weights. `IoActivities` run on
 * io workers, `ComputeActivities` on compute workers.
 */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type {
  EvaluationNumbers,
  LabelCounts,
  PolicyResult,
  PromotionResult,
  RewardModel,
  RunPlan,
} from './messages.ts';
import type { PolicyRating } from './results.ts';
import type { RunConfig } from './run-config.ts';

export interface PlanRunInput {
  readonly run: string;
  readonly config: RunConfig;
}

/** What every later activity of a run is told. */
export interface RunInput {
  readonly run: string;
  readonly config: ArtefactRef;
  readonly plan: ArtefactRef;
}

/** Of every training: what it is told beside its data. */
export interface TrainingInput extends RunInput {
  /** Multiplies the configured learning rates; below 1 after a training that diverged. 1 when left out. */
  readonly rateFactor?: number;
}

/** Which videos of the target a sweep goes over. */
export type SweepSplit = 'target' | 'validation' | 'test';

export interface ShardInput extends RunInput {
  readonly iteration: number;
  readonly split: SweepSplit;
  /** From 0. */
  readonly shard: number;
}

export interface PredictShardInput extends ShardInput {
  readonly policy: ArtefactRef;
}

/** `done + quarantined` is the number of videos in the shard. */
export interface ShardResult {
  readonly done: number;
  readonly quarantined: number;
}

export interface LabelShardInput extends ShardInput {
  readonly policy: ArtefactRef;
  readonly autoencoder?: ArtefactRef;
}

export interface LabelShardResult extends ShardResult {
  readonly counts: LabelCounts;
}

export interface TrainingResult {
  /** Measures per step or epoch, JSON, for the report. */
  readonly curve: ArtefactRef;
  readonly steps: number;
}

export interface PretrainResult extends TrainingResult {
  readonly policy: ArtefactRef;
  readonly quarantined: number;
}

export interface AutoencoderResult extends TrainingResult {
  readonly autoencoder: ArtefactRef;
  readonly quarantined: number;
}

export interface FitLandmarkInput extends TrainingInput {
  /** The policy whose degraded predictions of the source are learned from. */
  readonly policy: ArtefactRef;
}

export interface FitLandmarkResult extends TrainingResult {
  readonly landmark: ArtefactRef;
  readonly triples: number;
  readonly validationLoss: number;
  readonly quarantined: number;
}

export interface FitRewardInput extends TrainingInput {
  readonly iteration: number;
}

export interface FitRewardResult extends TrainingResult {
  readonly reward: RewardModel;
  readonly triples: number;
  readonly validationLoss: number;
}

export interface FineTuneInput extends TrainingInput {
  readonly iteration: number;
  /** Where the fine-tuning starts. */
  readonly policy: ArtefactRef;
  /** The frozen policy that the divergence penalty holds on to (method.md 6). */
  readonly reference: ArtefactRef;
  /** The critic of the local-SGD round before; an iteration begins with a new one, as its reward is a new one too. */
  readonly critic?: ArtefactRef;
  readonly reward: RewardModel;
}

export interface FineTuneResult extends TrainingResult {
  readonly policy: ArtefactRef;
  /** Mean reward on validation videos of the policy that was kept. */
  readonly validationReward: number;
}

/** A policy with its mean reward on the validation videos. */
export interface RatedPolicy {
  readonly policy: ArtefactRef;
  readonly validationReward: number;
}

/** One worker's part of a local-SGD round (method.md 7); `policy` and `critic` are those that the round starts from. */
export interface TrainLocallyInput extends FineTuneInput {
  /** From 1. */
  readonly round: number;
  /** From 0. */
  readonly worker: number;
  /** Windows to train on. */
  readonly steps: number;
  /** What this worker made in the round before: its optimisers go on from there. */
  readonly before?: ArtefactRef;
}

export interface TrainLocallyResult extends TrainingResult {
  /** Weight deltas of policy and critic, and the moments of this worker's optimisers. */
  readonly local: ArtefactRef;
}

/** `policy` and `critic` are those that the round started from. */
export interface MergeRoundInput extends FineTuneInput {
  readonly round: number;
  /** The policy that the first round started from. */
  readonly start: ArtefactRef;
  /** One per worker, in their order. */
  readonly locals: readonly TrainLocallyResult[];
  /** Of the outer step of the round before. */
  readonly momentum?: ArtefactRef;
  /** Of all rounds before. */
  readonly best?: RatedPolicy;
}

export interface MergeRoundResult {
  readonly policy: ArtefactRef;
  readonly critic: ArtefactRef;
  readonly momentum: ArtefactRef;
  readonly best: RatedPolicy;
  /** Measures of the round, JSON. */
  readonly curve: ArtefactRef;
}

export interface ConcludeRoundsInput extends TrainingInput {
  readonly iteration: number;
  readonly best: RatedPolicy;
  /** Of every round, in order. */
  readonly curves: readonly ArtefactRef[];
}

export interface SummariseInput extends RunInput {
  readonly iteration: number;
}

export interface SummariseResult {
  readonly evaluation: ArtefactRef;
  readonly validation?: EvaluationNumbers;
  readonly test?: EvaluationNumbers;
  /** Share of all validation frames that are anatomically valid and carry no temporal flag. */
  readonly validFrames?: number;
}

export interface RatePolicyInput extends RunInput {
  /** Whose stored validation predictions are rated. */
  readonly iteration: number;
  readonly policy: ArtefactRef;
  readonly reward: RewardModel;
}

export type RatePolicyResult = PolicyRating;

export interface SelectBestInput extends RunInput {
  readonly policies: readonly PolicyResult[];
  /** Every policy rated by the same reward network; empty when the run stopped before one was fitted. */
  readonly ratings: readonly RatePolicyResult[];
}

export interface SelectBestResult {
  readonly best: PolicyResult;
  readonly selection: ArtefactRef;
}

export interface PromoteInput extends RunInput {
  readonly model: string;
  readonly best: PolicyResult;
  readonly selection: ArtefactRef;
}

export interface WriteReportInput extends RunInput {
  readonly policies: readonly PolicyResult[];
  readonly best: PolicyResult;
  readonly labels: readonly LabelCounts[];
  readonly quarantined: number;
  readonly promotion?: PromotionResult;
}

export interface WriteReportResult {
  readonly report: ArtefactRef;
}

export interface ReadChampionInput {
  readonly model: string;
}

/** No `policy` when the model has no champion yet. */
export interface ReadChampionResult {
  readonly policy?: ArtefactRef;
}

export interface IoActivities {
  planRun(input: PlanRunInput): Promise<RunPlan>;
  concludeRounds(input: ConcludeRoundsInput): Promise<FineTuneResult>;
  scoreShard(input: ShardInput): Promise<ShardResult>;
  summariseEvaluation(input: SummariseInput): Promise<SummariseResult>;
  selectBest(input: SelectBestInput): Promise<SelectBestResult>;
  promote(input: PromoteInput): Promise<PromotionResult>;
  readChampion(input: ReadChampionInput): Promise<ReadChampionResult>;
  writeReport(input: WriteReportInput): Promise<WriteReportResult>;
}

export interface ComputeActivities {
  pretrainPolicy(input: TrainingInput): Promise<PretrainResult>;
  fitShapeAutoencoder(input: TrainingInput): Promise<AutoencoderResult>;
  fitLandmarkReward(input: FitLandmarkInput): Promise<FitLandmarkResult>;
  predictShard(input: PredictShardInput): Promise<ShardResult>;
  labelShard(input: LabelShardInput): Promise<LabelShardResult>;
  fitRewardNetwork(input: FitRewardInput): Promise<FitRewardResult>;
  fineTunePolicy(input: FineTuneInput): Promise<FineTuneResult>;
  trainLocally(input: TrainLocallyInput): Promise<TrainLocallyResult>;
  mergeRound(input: MergeRoundInput): Promise<MergeRoundResult>;
  ratePolicy(input: RatePolicyInput): Promise<RatePolicyResult>;
}

/** The compute activities by name, for the process that runs them and the worker that forwards to it. */
export const computeActivityNames = [
  'pretrainPolicy',
  'fitShapeAutoencoder',
  'fitLandmarkReward',
  'predictShard',
  'labelShard',
  'fitRewardNetwork',
  'fineTunePolicy',
  'trainLocally',
  'mergeRound',
  'ratePolicy',
] as const satisfies readonly (keyof ComputeActivities)[];

export type ComputeActivityName = (typeof computeActivityNames)[number];
