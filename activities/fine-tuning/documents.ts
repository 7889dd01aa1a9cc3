/** What is known of a finished fine-tuning beside its weights; documents that processes without tensors read too. */
import { z } from 'zod';
import { CurvePointsSchema } from '../training/finished-training.ts';

export const FineTuningSchema = z.strictObject({
  validationReward: z.number(),
  steps: z.int(),
  rollbacks: z.int(),
  points: CurvePointsSchema,
});
export type FineTuning = z.infer<typeof FineTuningSchema>;
