/** What the stages of an evaluation store for each other, for the report and for people. */
import { z } from 'zod';
import { EvaluationReportSchema, VideoScoreSchema } from '../../metrics/evaluation.ts';

/** The scores of one shard. */
export const ShardScoresSchema = z.strictObject({
  scores: z.array(VideoScoreSchema),
  quarantined: z.int().min(0),
  plain: z.array(VideoScoreSchema).optional().describe('of the same videos, segmented as published'),
});
export type ShardScores = z.infer<typeof ShardScoresSchema>;

/**
 * `evaluation.json` of an iteration: what `evaluate --json` prints, for each of the two splits that has videos; `plain`
 * is the test split segmented as published.
 */
export const EvaluationSchema = z.strictObject({
  validation: EvaluationReportSchema.optional(),
  test: EvaluationReportSchema.optional(),
  plain: EvaluationReportSchema.optional(),
});
export type Evaluation = z.infer<typeof EvaluationSchema>;

/** How the reward networks that all policies share judge one of them. */
export const RatingsSchema = z.strictObject({
  /** Mean reward of each video that has a prediction, where it is contested, in [0, 1]. */
  videos: z.record(z.string(), z.number()),
});
export type Ratings = z.infer<typeof RatingsSchema>;
