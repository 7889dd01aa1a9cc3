/** Freezes a run: its configuration, and which videos each part of it works on (method.md 1, 2). */
import type { PlanRunInput } from '../contracts/activities.ts';
import type { RunPlan, SweepSize } from '../contracts/messages.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { type ManifestRow, parseManifest } from '../datasets/manifest.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream, shuffled } from '../ground/random.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { freezeManifest } from '../storage/manifests.ts';
import type { ActivityContext } from './context.ts';
import { findJson, writeJson } from './json-artefact.ts';
import { type Plan, PlanSchema } from './plan.ts';

/** So many shards of one sweep fit one workflow history; a larger sweep gets larger shards. */
const MAXIMUM_SHARDS = 2000;

/**
 * @throws DomainError DatasetInvalid when a split that is needed is empty, ArtefactMissing when the initial policy is not there,
 * ChecksumMismatch when the run's name is already taken by another configuration.
 */
export async function planRun({ run, config }: PlanRunInput, context: ActivityContext): Promise<RunPlan> {
  const configRef = await writeJson(context, runKeys.config(run), config, []);
  const initialPolicy = config.initialPolicy
    ? await initialPolicyOf(config.initialPolicy, context)
    : undefined;
  // A plan that is there stays: the data sets may have grown since.
  const present = await findJson(context, runKeys.plan(run), PlanSchema);
  const { plan, reference } = present
    ? { plan: present.value, reference: present.reference }
    : await freezePlan(run, config, configRef, context);
  return {
    config: configRef,
    plan: reference,
    sweeps: plan.sweeps.map(sizeOf),
    validation: sizeOf(plan.validation),
    test: sizeOf(plan.test),
    ...(initialPolicy && { initialPolicy }),
  };
}

/** The plan's record names the manifests that it was made from, so that a run shows what it adapted to. */
async function freezePlan(run: string, config: RunConfig, configRef: ArtefactRef, context: ActivityContext) {
  const source = await readManifest(config.source, context);
  const target = await readManifest(config.target, context);
  const plan = makePlan(config, source.rows, target.rows);
  const manifests = config.source === config.target ? [target] : [source, target];
  const inputs = [configRef, ...manifests.map(({ reference }) => reference)];
  return { plan, reference: await writeJson(context, runKeys.plan(run), plan, inputs) };
}

function makePlan(config: RunConfig, source: readonly ManifestRow[], target: readonly ManifestRow[]): Plan {
  const { seed, sweep, ppo } = config;

  const annotated = (split: ManifestRow['split']): string[] =>
    source.filter((row) => row.labelled && row.split === split).map(({ id }) => id);
  const train = annotated('train');
  const inTraining = new Set(train);
  if (
    train.length === 0 &&
    (!config.initialPolicy || config.autoencoder.enabled || config.landmark.enabled)
  ) {
    throw new DomainError(
      'DatasetInvalid',
      `The source dataset "${config.source}" has no labelled video in its train split (${source.length} rows in its manifest). Ingest videos with their labels, or start from a policy with the shape autoencoder and the landmark reward disabled.`,
    );
  }

  const adaptTo = target.filter(({ split }) => split === 'train' || split === 'pred').map(({ id }) => id);
  if (adaptTo.length === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `The target dataset "${config.target}" has no video to adapt to: none of its ${target.length} videos is in the train or pred split. Ingest more videos.`,
    );
  }
  const order = shuffled(adaptTo, randomStream(seed, 'sweep'));
  const perIteration = Math.min(sweep.videosPerIteration, order.length);
  // Every iteration goes on where the last one ended, so that a large target is seen as widely as possible.
  const sweeps = Array.from({ length: config.iterations }, (_, i) =>
    sharded(
      Array.from({ length: perIteration }, (_, k) => order[(i * perIteration + k) % order.length]!),
      sweep.videosPerShard,
    ),
  );

  const validation = target.filter(({ split }) => split === 'val').map(({ id }) => id);
  const mostValidation = Math.max(ppo.validationVideos, Math.ceil(sweep.videosPerIteration / 10));
  const test = target.filter(({ split }) => split === 'test');
  const scored = test.some(({ labelled }) => labelled) ? test.filter(({ labelled }) => labelled) : test;
  return {
    source: {
      train,
      validation: annotated('val'),
      studies: Object.fromEntries(
        source.filter(({ id }) => inTraining.has(id)).map(({ id, study }) => [id, study]),
      ),
    },
    sweeps,
    validation: sharded(
      shuffled(validation, randomStream(seed, 'validation')).slice(0, mostValidation),
      sweep.videosPerShard,
    ),
    test: sharded(
      scored.map(({ id }) => id),
      sweep.videosPerShard,
    ),
    studies: Object.fromEntries(target.map(({ id, study }) => [id, study])),
  };
}

async function readManifest(
  dataset: string,
  context: ActivityContext,
): Promise<{ rows: ManifestRow[]; reference: ArtefactRef }> {
  const manifest = await freezeManifest(context.store, dataset, context.codeVersion);
  if (!manifest) {
    throw new DomainError(
      'DatasetInvalid',
      `There is no dataset "${dataset}": the store has no manifest of it. Make it with \`echoloop ingest PATH --dataset ${dataset}\`.`,
    );
  }
  return { rows: parseManifest(manifest.text), reference: manifest.reference };
}

async function initialPolicyOf(key: string, context: ActivityContext) {
  const found = await findArtefact(context.store, key);
  if (found) return found;
  throw new DomainError(
    'ArtefactMissing',
    `The initial policy ${key} is not in the store. Import it with \`echoloop import\`, or leave initialPolicy out to pretrain one.`,
  );
}

function sharded(videos: readonly string[], videosPerShard: number): string[][] {
  const size = Math.max(videosPerShard, Math.ceil(videos.length / MAXIMUM_SHARDS));
  const shards: string[][] = [];
  for (let start = 0; start < videos.length; start += size) shards.push(videos.slice(start, start + size));
  return shards;
}

function sizeOf(shards: readonly (readonly string[])[]): SweepSize {
  return { shards: shards.length, videos: shards.reduce((sum, shard) => sum + shard.length, 0) };
}
