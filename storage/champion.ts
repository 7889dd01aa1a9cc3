/**
 * The pointer `models/<name>/champion.json` and the entries of its history `models/<name>/history/<sequence>.json`.
 * Both have this form; the pointer equals one entry of the history, and rolling back means pointing at an earlier one.
 */
import { z } from 'zod';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';

export const ChampionSchema = z.strictObject({
  model: z.string().min(1),
  /** Place in the history, from 1. */
  sequence: z.int().min(1),
  /** Sequence of the champion that it replaced, 0 for the first; older versions left it out. */
  previous: z.int().min(0).optional(),
  /** The run that made the policy, and the iteration in it; left out for imported weights. */
  run: z.string().min(1).optional(),
  iteration: z.int().min(0).optional(),
  policy: ArtefactRefSchema,
  /** The run's configuration: how videos are prepared for this policy. */
  config: ArtefactRefSchema.optional(),
  /**
   * The reward networks that judged the run's policies, at most one of each kind; their files say which kind, at what
   * temperature.
   */
  rewardNetworks: z.array(ArtefactRefSchema).optional(),
  /** The linear shapes by which the run completed segmentations (method.md 4.4); left out where it did not. */
  shapes: ArtefactRefSchema.optional(),
  /** Mean reward on the run's validation videos. */
  reward: z.number().optional(),
  /** Why it became the champion, for people. */
  reason: z.string(),
});

export type Champion = z.infer<typeof ChampionSchema>;
