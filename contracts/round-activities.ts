/**
 * Local-SGD rounds (method.md 7) as their workflow calls them: the same two activities for every training that several
 * workers share, told apart by `training`.
 */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { list } from './messages.ts';
import {
  FineTuneInputSchema,
  FitRewardInputSchema,
  type RatedPolicy,
  RatedPolicySchema,
  TrainingInputSchema,
  TrainingResultSchema,
} from './training-activities.ts';

const round = z.int().min(1);
const steps = z.int().min(0).describe('of this worker in the round');

/** What a training in rounds is begun with; versions that knew rounds of fine-tuning alone named no training. */
const FineTuningStartSchema = FineTuneInputSchema.extend({
  training: z.literal('fine-tuning').exactOptional(),
  policy: ArtefactRefSchema.describe('that the round starts from, as the critic'),
});
const RewardFitStartSchema = FitRewardInputSchema.omit({ rounds: true }).extend({
  training: z.literal('reward-fit'),
  network: ArtefactRefSchema.exactOptional().describe('of the round before; a new one in the first round'),
});
const PretrainingStartSchema = TrainingInputSchema.extend({
  training: z.literal('pretraining'),
  policy: ArtefactRefSchema.exactOptional().describe('of the round before; a new one in the first round'),
});

export type FineTuningStart = Readonly<z.infer<typeof FineTuningStartSchema>>;
export type RewardFitStart = Readonly<z.infer<typeof RewardFitStartSchema>>;
export type PretrainingStart = Readonly<z.infer<typeof PretrainingStartSchema>>;
export type RoundsStart = FineTuningStart | RewardFitStart | PretrainingStart;

const part = {
  round,
  worker: z.int().min(0).describe('from 0'),
  before: ArtefactRefSchema.exactOptional().describe(
    'what this worker made in the round before: its optimisers go on from there',
  ),
};

const FineTuningPartSchema = FineTuningStartSchema.extend({ ...part, steps });
const RewardFitPartSchema = RewardFitStartSchema.extend(part).describe('a round is an epoch');
const PretrainingPartSchema = PretrainingStartSchema.extend({ ...part, steps });

export type FineTuningPart = Readonly<z.infer<typeof FineTuningPartSchema>>;
export type RewardFitPart = Readonly<z.infer<typeof RewardFitPartSchema>>;
export type PretrainingPart = Readonly<z.infer<typeof PretrainingPartSchema>>;

/** One worker's part of a round. */
export const TrainLocallyInputSchema = z.union([
  FineTuningPartSchema,
  RewardFitPartSchema,
  PretrainingPartSchema,
]);
export type TrainLocallyInput = Readonly<z.infer<typeof TrainLocallyInputSchema>>;

export const TrainLocallyResultSchema = TrainingResultSchema.extend({
  local: ArtefactRefSchema.describe("weight deltas, and the moments of this worker's optimisers"),
});
export type TrainLocallyResult = Readonly<z.infer<typeof TrainLocallyResultSchema>>;

const merge = {
  round,
  locals: list(TrainLocallyResultSchema).describe('one per worker, in their order'),
  momentum: ArtefactRefSchema.exactOptional().describe('of the outer step of the round before'),
};
const average = ArtefactRefSchema.exactOptional().describe(
  'policy of the averaged weights after the round before, where an average is asked for',
);

const FineTuningMergeSchema = FineTuningStartSchema.extend({
  ...merge,
  average,
  start: ArtefactRefSchema.describe('the policy that the first round started from'),
  best: RatedPolicySchema.exactOptional().describe('of all rounds before'),
});
const RewardFitMergeSchema = RewardFitStartSchema.extend(merge);
const PretrainingMergeSchema = PretrainingStartSchema.extend({ ...merge, average });

export type FineTuningMerge = Readonly<z.infer<typeof FineTuningMergeSchema>>;
export type RewardFitMerge = Readonly<z.infer<typeof RewardFitMergeSchema>>;
export type PretrainingMerge = Readonly<z.infer<typeof PretrainingMergeSchema>>;

/** The end of a round. */
export const MergeRoundInputSchema = z.union([
  FineTuningMergeSchema,
  RewardFitMergeSchema,
  PretrainingMergeSchema,
]);
export type MergeRoundInput = Readonly<z.infer<typeof MergeRoundInputSchema>>;

/** Networks that the next round starts from, by what its input calls them. */
export interface MergedNetworks {
  /** Of pretraining and fine-tuning. */
  readonly policy?: ArtefactRef;
  /** Of fine-tuning with the published objective. */
  readonly critic?: ArtefactRef;
  /** Of a reward fit. */
  readonly network?: ArtefactRef;
}

export interface MergeRoundResult extends MergedNetworks {
  readonly average?: ArtefactRef;
  readonly momentum: ArtefactRef;
  /** Of fine-tuning. */
  readonly best?: RatedPolicy;
  /** Measures of the round, JSON. */
  readonly curve: ArtefactRef;
  /** The rules of the training end it with this round: a reward fit that no longer gets better. */
  readonly ended?: boolean;
}

/** Ends a fine-tuning; the other trainings are concluded by the activity that does them for one worker. */
export const ConcludeRoundsInputSchema = TrainingInputSchema.extend({
  iteration: z.int().min(0),
  best: RatedPolicySchema,
  curves: list(ArtefactRefSchema).describe(
    'of every round, in order, from versions that did not say `rounds`',
  ),
  rounds: z.int().min(1).exactOptional().describe('how many there were'),
});
export type ConcludeRoundsInput = Readonly<z.infer<typeof ConcludeRoundsInputSchema>>;
