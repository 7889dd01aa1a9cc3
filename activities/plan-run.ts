/** Freezes a run: its configuration, and which videos each part of it works on (method.md 1, 2). */
import type { PlanRunInput } from '../contracts/activities.ts';
import { PlanSchema } from '../contracts/documents.ts';
import type { RunPlan } from '../contracts/messages.ts';
import { type RunConfig, RunConfigSchema } from '../contracts/run-config.ts';
import { warmsUpForEver } from '../contracts/run-config-faults.ts';
import { type ManifestRow, parseManifest } from '../datasets/manifest.ts';
import { makePlan, sizeOf } from '../decisions/plan.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { freezeManifest } from '../storage/manifests.ts';
import { findJson, writeFirstJson } from './artefacts/json-artefact.ts';
import { freezeConfig } from './artefacts/run-facts.ts';
import type { ActivityContext } from './context.ts';

/**
 * @throws DomainError ConfigInvalid when no draw of an iteration is left for the policy, DatasetInvalid when a split
 * that is needed is empty, ArtefactMissing when the initial policy is not there, ChecksumMismatch when the run's name
 * is already taken by another configuration.
 */
export async function planRun(
  { run, config: given }: PlanRunInput,
  context: ActivityContext,
): Promise<RunPlan> {
  // As it was given, so that a run that is begun again finds its own.
  const configRef = await freezeConfig(run, given, context);
  // A schedule that an older version made knows nothing of later fields.
  const config = RunConfigSchema.parse(given);
  const initialPolicy = config.initialPolicy && (await initialPolicyOf(config.initialPolicy, context));
  // A plan that is there stays: the data sets may have grown since.
  const present = await findJson(context, runKeys.plan(run), PlanSchema);
  const { value: plan, reference: planRef } =
    present ?? (await freezePlan({ run, config }, configRef, context));
  for (const sweep of plan.sweeps) refuseWithoutTraining(config, sizeOf(sweep).videos);
  return {
    config: configRef,
    plan: planRef,
    sweeps: plan.sweeps.map(sizeOf),
    validation: sizeOf(plan.validation),
    test: sizeOf(plan.test),
    ...(initialPolicy && { initialPolicy }),
  };
}

/** The configuration alone does not say how many videos there are. */
function refuseWithoutTraining(config: RunConfig, videos: number): void {
  const fault = warmsUpForEver(config, videos);
  if (fault === undefined) return;
  throw new DomainError(
    'ConfigInvalid',
    `ppo.criticWarmupWindows: expected ${fault}. Lower it, or raise ppo.epochs or ppo.windowsPerEpoch.`,
  );
}

/** The plan's record names the manifests that it was made from, so that a run shows what it adapted to. */
async function freezePlan({ run, config }: PlanRunInput, configRef: ArtefactRef, context: ActivityContext) {
  const source = await readManifest(config.source, context);
  const target = await readManifest(config.target, context);
  const value = makePlan(config, { source: source.rows, target: target.rows });
  const manifests = config.source === config.target ? [target] : [source, target];
  const inputs = [configRef, ...manifests.map(({ reference }) => reference)];
  // Another attempt may have read the data sets before they grew.
  return writeFirstJson(context, { key: runKeys.plan(run), schema: PlanSchema }, value, inputs);
}

async function readManifest(
  dataset: string,
  context: ActivityContext,
): Promise<{ rows: ManifestRow[]; reference: ArtefactRef }> {
  const manifest = await freezeManifest(context.store, dataset, context.codeVersion);
  if (manifest) return { rows: parseManifest(manifest.text), reference: manifest.reference };
  throw new DomainError(
    'DatasetInvalid',
    `There is no dataset "${dataset}": the store has no manifest of it. Make it with \`echoloop ingest PATH --dataset ${dataset}\`.`,
  );
}

async function initialPolicyOf(key: string, context: ActivityContext): Promise<ArtefactRef> {
  const found = await findArtefact(context.store, key);
  if (found) return found;
  throw new DomainError(
    'ArtefactMissing',
    `The initial policy ${key} is not in the store. Import it with \`echoloop import\`, or leave initialPolicy out to pretrain one.`,
  );
}
