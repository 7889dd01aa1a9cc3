/** What is known of a finished fine-tuning beside its weights; documents that processes without tensors read too. */
import { z } from 'zod';
import { ArtefactRefSchema } from '../../ground/artefact-ref.ts';
import { CurvePointsSchema } from '../training/finished-training.ts';

export const FineTuningSchema = z.strictObject({
  validationReward: z.number(),
  steps: z.int(),
  rollbacks: z.int(),
  points: CurvePointsSchema,
});
export type FineTuning = z.infer<typeof FineTuningSchema>;

/** Of one worker's part of a local-SGD round. */
export const LocalTrainingSchema = z.strictObject({
  steps: z.int(),
  rollbacks: z.int(),
  points: CurvePointsSchema,
});
export type LocalTraining = z.infer<typeof LocalTrainingSchema>;

/** Of a whole round. */
export const RoundSchema = z.strictObject({
  /** Of all rounds so far. */
  best: z.strictObject({ policy: ArtefactRefSchema, validationReward: z.number() }),
  /** Windows that workers took back. */
  rollbacks: z.int(),
  /** Means over the workers, step by step; the last point has the validation reward. */
  points: CurvePointsSchema,
});
export type Round = z.infer<typeof RoundSchema>;
