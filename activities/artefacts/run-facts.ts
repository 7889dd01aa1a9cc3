/** The configuration and the plan that a run was started with. */
import { z } from 'zod';
import { type Plan, PlanSchema } from '../../contracts/documents.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact, readRecord } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';
import { writeJson } from './json-artefact.ts';

export interface RunFacts {
  readonly config: RunConfig;
  readonly plan: Plan;
}

/**
 * Stores the configuration of a run that begins.
 * @throws DomainError ChecksumMismatch when its name is already taken by another configuration.
 */
export async function freezeConfig(
  run: string,
  config: RunConfig,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const key = runKeys.config(run);
  try {
    return await writeJson(context, key, config, []);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'ChecksumMismatch') throw error;
    // Throws once more where it is the record that is damaged.
    await findArtefact(context.store, key);
    throw new DomainError(
      'ChecksumMismatch',
      `The name ${run} is taken: ${key} was stored for another configuration. Choose another --run-id.`,
      error.details,
      { cause: error },
    );
  }
}

const RUNS_REMEMBERED = 4;
/**
 * By their digests, so that they never change. A plan of 31,053 videos is megabytes of text, and thousands of
 * activities of a run ask for it.
 */
const remembered = new Map<string, RunFacts>();

/** @throws DomainError CheckpointIncompatible when another version stored either in a form that is not known here. */
export async function readRun(input: RunInput, context: ActivityContext): Promise<RunFacts> {
  const digests = `${input.config.sha256} ${input.plan.sha256}`;
  const known = remembered.get(digests);
  if (known) return known;
  const facts = {
    config: await readForm('configuration', RunConfigSchema, input.config, context),
    plan: await readForm('plan', PlanSchema, input.plan, context),
  };
  if (remembered.size >= RUNS_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(digests, facts);
  return facts;
}

async function readForm<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  reference: ArtefactRef,
  context: ActivityContext,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(await context.cache.read(reference))));
  if (parsed.success) return parsed.data;
  const { key } = reference;
  const record = await readRecord(context.store, key);
  const by = record ? `, stored by version ${record.codeVersion},` : '';
  throw new DomainError(
    'CheckpointIncompatible',
    `The ${what} of the run, ${key}${by} is not of a form that this version (${context.codeVersion}) reads: ${z.prettifyError(parsed.error)}. Let workers of the version that started the run finish it, or start a new run.`,
    { key },
  );
}
