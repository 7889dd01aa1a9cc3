/**
 * What the policy is that a hospital has before it adapts: the first one, segmented as published. Where a run's
 * inference does more, its test videos are scored that way, too, or nobody could tell what inference gained from what
 * adaptation did.
 */
import type { ShardInput } from './activities.ts';
import { type InferenceConfig, InferenceSchema } from './run-config.ts';

/** Inference as published, with the windows that the networks were made for. */
export function plainInference({ windowFrames, padFrames, sigmaScale }: InferenceConfig): InferenceConfig {
  return InferenceSchema.parse({ windowFrames, padFrames, sigmaScale });
}

/** Whether the videos of a shard are segmented and scored plainly, too. */
export function isScoredPlainly(
  { split, iteration }: Pick<ShardInput, 'split' | 'iteration'>,
  inference: InferenceConfig,
): boolean {
  // Both are parsed by one schema, so equal ones are written alike.
  const isPlain = JSON.stringify(inference) === JSON.stringify(plainInference(inference));
  return split === 'test' && iteration === 0 && !isPlain;
}
