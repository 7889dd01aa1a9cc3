/** The configuration and the plan that a run was started with. */
import { type Plan, PlanSchema } from '../../contracts/documents.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import type { ActivityContext } from '../context.ts';

export interface RunFacts {
  readonly config: RunConfig;
  readonly plan: Plan;
}

const RUNS_REMEMBERED = 4;
/**
 * By their digests, so that they never change. A plan of 31,053 videos is megabytes of text, and thousands of
 * activities of a run ask for it.
 */
const remembered = new Map<string, RunFacts>();

export async function readRun(input: RunInput, context: ActivityContext): Promise<RunFacts> {
  const digests = `${input.config.sha256} ${input.plan.sha256}`;
  const known = remembered.get(digests);
  if (known) return known;
  const read = async (reference: RunInput['plan']) =>
    JSON.parse(new TextDecoder().decode(await context.cache.read(reference)));
  const facts = {
    config: RunConfigSchema.parse(await read(input.config)),
    plan: PlanSchema.parse(await read(input.plan)),
  };
  if (remembered.size >= RUNS_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(digests, facts);
  return facts;
}
