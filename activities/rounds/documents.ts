/** What is known of local-SGD rounds beside their weights (method.md 7). */
import { z } from 'zod';
import { ArtefactRefSchema } from '../../ground/artefact-ref.ts';
import { RewardFitProgressSchema } from '../../method/rewards/reward-fit-progress.ts';
import { CurvePointsSchema } from '../training/finished-training.ts';

/** Of one worker's part of a round. */
export const LocalTrainingSchema = z.strictObject({
  steps: z.int(),
  /** Of a fine-tuning: windows that were taken back. */
  rollbacks: z.int().exactOptional(),
  /** Of a pretraining: videos that could not be used. */
  quarantined: z.int().exactOptional(),
  points: CurvePointsSchema,
});
export type LocalTraining = z.infer<typeof LocalTrainingSchema>;

/** Of a whole round of a fine-tuning. */
export const RoundSchema = z.strictObject({
  /** Of all rounds so far. */
  best: z.strictObject({ policy: ArtefactRefSchema, validationReward: z.number() }),
  /** Windows that workers took back. */
  rollbacks: z.int(),
  /** Means over the workers, step by step; the last point has the validation reward. */
  points: CurvePointsSchema,
});
export type Round = z.infer<typeof RoundSchema>;

/** Of an epoch of a reward fit. */
export const RewardFitRoundSchema = z.strictObject({
  /** Of the whole fit, with what the rules of plateaus and of the early end made of this epoch. */
  progress: RewardFitProgressSchema,
  /** The network of the epoch with the lowest validation loss so far. */
  best: ArtefactRefSchema,
  /** Means over the workers, step by step, then the windows of validation. */
  points: CurvePointsSchema,
});
export type RewardFitRound = z.infer<typeof RewardFitRoundSchema>;

/** Of a round of a pretraining. */
export const PretrainingRoundSchema = z.strictObject({
  /** Videos, of all workers together. */
  quarantined: z.int(),
  points: CurvePointsSchema,
});
export type PretrainingRound = z.infer<typeof PretrainingRoundSchema>;
