/** The trainings of a run as its workflow calls them, each by one activity (activities.ts has the others). */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { type RewardModel, RewardModelSchema } from './messages.ts';

const count = z.int().min(0);

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

export const TrainingResultSchema = z.strictObject({
  curve: ArtefactRefSchema.describe('measures per step or epoch, JSON, for the report'),
  steps: count,
});
export type TrainingResult = Readonly<z.infer<typeof TrainingResultSchema>>;

export const PretrainInputSchema = TrainingInputSchema.extend({
  trained: z
    .strictObject({ policy: ArtefactRefSchema, rounds: z.int().min(1) })
    .exactOptional()
    .describe('by several workers in so many rounds: what is left is to put it in its place'),
});
export type PretrainInput = Readonly<z.infer<typeof PretrainInputSchema>>;

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

export const FitRewardInputSchema = TrainingInputSchema.extend({
  iteration: count,
  rounds: z
    .int()
    .min(1)
    .exactOptional()
    .describe(
      'in which several workers trained it: what is left is to find the best of them its temperature',
    ),
});
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
