/**
 * What a run comes to know of its policies, as it is told, stored and shown: one schema for each, and the types of
 * them.
 */
import { z } from 'zod';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';

const share = z.number().min(0).max(1);
const iteration = z.int().min(0);

/** What an evaluation comes down to; measures that need a reference are left out without one. Shares are in [0, 1]. */
export const EvaluationNumbersSchema = z.strictObject({
  videos: z.int().min(0),
  anatomicalValidity: share,
  temporalValidity: share,
  /** Mean of left ventricle and myocardium. */
  dice: share.exactOptional(),
  diceLv: share.exactOptional(),
  diceMyo: share.exactOptional(),
  /** Mean of left ventricle and epicardium, mm. */
  hausdorffMm: z.number().min(0).exactOptional(),
  mistakesPerCycle5mm: z.number().min(0).exactOptional(),
});
export type EvaluationNumbers = Readonly<z.infer<typeof EvaluationNumbersSchema>>;

const IntervalSchema = z.strictObject({ low: z.number(), high: z.number() });

/**
 * 95 % intervals of after - before on the same videos, over patients, for the measures of `EvaluationNumbersSchema` and
 * in their units.
 */
export const ChangeIntervalsSchema = z.partialRecord(
  EvaluationNumbersSchema.omit({ videos: true }).keyof(),
  IntervalSchema,
);
export type ChangeIntervals = Readonly<z.infer<typeof ChangeIntervalsSchema>>;

/** One policy of the run with what is known about it; `iteration` 0 is the policy before adaptation. */
export const PolicyResultSchema = z.strictObject({
  iteration,
  policy: ArtefactRefSchema,
  evaluation: ArtefactRefSchema,
  validation: EvaluationNumbersSchema.exactOptional(),
  test: EvaluationNumbersSchema.exactOptional(),
  /**
   * The test videos segmented as published, without what the run's inference does beside; of the policy before
   * adaptation, where it does more.
   */
  plain: EvaluationNumbersSchema.exactOptional(),
  /** Share of all validation frames that are anatomically valid and carry no temporal flag. */
  validFrames: share.exactOptional(),
  /** Mean reward on validation videos when the policy was fine-tuned. */
  reward: z.number().exactOptional(),
});
export type PolicyResult = Readonly<z.infer<typeof PolicyResultSchema>>;

/** How the reward networks that all policies of a run share judge one of them. */
export const PolicyRatingSchema = z.strictObject({
  iteration,
  /**
   * Mean over validation videos of the mean reward where the policies' segmentations differ, in [0, 1]; 0 without such
   * videos.
   */
  reward: z.number(),
  videos: z.int().min(0),
});
export type PolicyRating = Readonly<z.infer<typeof PolicyRatingSchema>>;

/** What the gate decided. */
export const PromotionResultSchema = z.strictObject({
  promoted: z.boolean(),
  /** For people: why the champion changed or stayed. */
  reason: z.string(),
});
export type PromotionResult = Readonly<z.infer<typeof PromotionResultSchema>>;
