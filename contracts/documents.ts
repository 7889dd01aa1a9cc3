/**
 * Documents of a run that one activity stores and others read: the frozen plan, and what the election was made from.
 */
import { z } from 'zod';
import { PolicyRatingSchema, PolicyResultSchema } from './results.ts';

const ids = z.array(z.string().min(1));
const shards = z.array(ids);

export const PlanSchema = z.strictObject({
  source: z
    .strictObject({
      train: ids,
      validation: ids,
      /** Study of every video to train on. */
      studies: z.record(z.string(), z.string()).default({}),
    })
    .describe('annotated videos'),
  /** One list of shards per iteration. */
  sweeps: z.array(shards),
  validation: shards,
  test: shards,
  /** Study of every target video in it: data is split by study, never within one. */
  studies: z.record(z.string(), z.string()),
});
export type Plan = z.infer<typeof PlanSchema>;

export const SelectionSchema = z.strictObject({
  /** Iteration of the policy that is kept. */
  best: z.int().min(0),
  policies: z.array(PolicyResultSchema),
  ratings: z.array(PolicyRatingSchema),
});
export type Selection = z.infer<typeof SelectionSchema>;
