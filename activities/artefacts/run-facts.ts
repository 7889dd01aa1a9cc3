/** The configuration and the plan that a run was started with. */
import type { RunInput } from '../../contracts/activities.ts';
import { type Plan, PlanSchema } from '../../contracts/documents.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import type { ActivityContext } from '../context.ts';

export interface RunFacts {
  readonly config: RunConfig;
  readonly plan: Plan;
}

export async function readRun(input: RunInput, context: ActivityContext): Promise<RunFacts> {
  const read = async (reference: RunInput['plan']) =>
    JSON.parse(new TextDecoder().decode(await context.cache.read(reference)));
  return {
    config: RunConfigSchema.parse(await read(input.config)),
    plan: PlanSchema.parse(await read(input.plan)),
  };
}
