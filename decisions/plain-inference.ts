/**
 * What the policy is that a hospital has before it adapts: the first one, segmented as published. Where a run's
 * inference does more, its test videos are scored that way, too, or nobody could tell what inference gained from what
 * adaptation did.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ShardInput } from '../contracts/activities.ts';
import { type InferenceConfig, InferenceSchema } from '../contracts/run-config.ts';

/** Inference as published, with the windows that the networks were made for. */
export function plainInference({ windowFrames, padFrames, sigmaScale }: InferenceConfig): InferenceConfig {
  return InferenceSchema.parse({ windowFrames, padFrames, sigmaScale });
}

/** Whether the videos of a shard are segmented and scored plainly, too. */
export function isScoredPlainly(
  { split, iteration }: Pick<ShardInput, 'split' | 'iteration'>,
  inference: InferenceConfig,
): boolean {
  return split === 'test' && iteration === 0 && !isDeepStrictEqual(inference, plainInference(inference));
}
