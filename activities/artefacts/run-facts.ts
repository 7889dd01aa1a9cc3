/** The frozen plan of a run: which videos each part works on. An artefact, because it may name tens of thousands of videos. */
import { z } from 'zod';
import type { RunInput, ShardInput } from '../../contracts/activities.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import type { ActivityContext } from '../context.ts';

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

export interface RunFacts {
  readonly config: RunConfig;
  readonly plan: Plan;
}

/** The configuration and plan that the run was started with. */
export async function readRun(input: RunInput, context: ActivityContext): Promise<RunFacts> {
  const read = async (reference: RunInput['plan']): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await context.cache.read(reference)));
  return {
    config: RunConfigSchema.parse(await read(input.config)),
    plan: PlanSchema.parse(await read(input.plan)),
  };
}

/** The videos of one shard. @throws DomainError ConfigInvalid when the plan has no such shard. */
export function shardOf(plan: Plan, { split, iteration, shard }: ShardInput): readonly string[] {
  const lists = split === 'target' ? plan.sweeps[iteration - 1] : plan[split];
  const videos = lists?.[shard];
  if (videos) return videos;
  throw new DomainError(
    'ConfigInvalid',
    `The plan has no shard ${shard} of "${split}" in iteration ${iteration}: it has ${lists?.length ?? 0}.`,
  );
}
