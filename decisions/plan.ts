/**
 * The plan of a run: which videos each part of it works on (method.md 1, 2). Frozen when the run starts; an artefact,
 * because it may name tens of thousands of videos.
 */
import type { ShardInput } from '../contracts/activities.ts';
import type { Plan } from '../contracts/documents.ts';
import type { SweepSize } from '../contracts/messages.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream, shuffled } from '../ground/random.ts';

/** What a plan needs to know of a video. */
export interface PlannedVideo {
  readonly id: string;
  /** The patient or examination that it belongs to. */
  readonly study: string;
  readonly split: 'train' | 'val' | 'test' | 'pred';
  readonly labelled: boolean;
  /** Frames that its reference knows, where that is not all. */
  readonly annotatedFrames?: readonly number[] | undefined;
  /** Structures that its reference knows, where that is not all. */
  readonly annotatedLabels?: readonly number[] | undefined;
}

/** The videos of both datasets, in the order of their manifests. */
export interface PlannedDatasets {
  readonly source: readonly PlannedVideo[];
  readonly target: readonly PlannedVideo[];
}

/**
 * The same configuration and datasets give the same plan.
 * @throws DomainError DatasetInvalid when there is nothing to train on or nothing to adapt to.
 */
export function makePlan(config: RunConfig, { source, target }: PlannedDatasets): Plan {
  const { seed, sweep, ppo } = config;
  const train = source.filter(({ labelled, split }) => labelled && split === 'train');
  refuseWithoutAnnotations(config, source.length, train.length);
  refusePartialReferences(config, train);
  const validation = idsOf(target.filter(({ split }) => split === 'val'));
  const mostValidation = Math.max(ppo.validationVideos, Math.ceil(sweep.videosPerIteration / 10));
  const test = target.filter(({ split }) => split === 'test');
  const scored = test.some(({ labelled }) => labelled) ? test.filter(({ labelled }) => labelled) : test;
  return {
    source: {
      train: idsOf(train),
      validation: idsOf(source.filter(({ labelled, split }) => labelled && split === 'val')),
      studies: studiesOf(train),
    },
    sweeps: sweepsOf(config, target),
    validation: sharded(
      shuffled(validation, randomStream(seed, 'validation')).slice(0, mostValidation),
      sweep.videosPerShard,
    ),
    test: sharded(sweep.scoreTest ? idsOf(scored) : [], sweep.videosPerShard),
    studies: studiesOf(target),
  };
}

/**
 * Other trainings leave out what nobody drew; landmarks are found in every frame of a window, or would be learnt where
 * there are none.
 */
function refusePartialReferences({ landmark, source }: RunConfig, train: readonly PlannedVideo[]): void {
  const partial = train.filter(
    ({ annotatedFrames, annotatedLabels }) => (annotatedFrames ?? annotatedLabels) !== undefined,
  );
  if (!landmark.enabled || partial.length === 0) return;
  throw new DomainError(
    'DatasetInvalid',
    `The source dataset "${source}" has ${counted(partial.length, 'video')} to learn from with a reference that knows some frames or ` +
      'structures alone (annotatedFrames, annotatedLabels in its manifest), which the landmark reward cannot learn from. ' +
      'Set landmark.enabled to false, or bring what has such a reference into the test or pred split.',
  );
}

/**
 * The videos of the sweep of an iteration, counted from 1. @throws DomainError ConfigInvalid when the plan has none for
 * it.
 */
export function sweepOf(plan: Plan, iteration: number): readonly string[] {
  const sweep = plan.sweeps[iteration - 1];
  if (sweep) return sweep.flat();
  throw new DomainError(
    'ConfigInvalid',
    `The plan has no sweep for iteration ${iteration}: it has ${plan.sweeps.length}.`,
  );
}

/** The videos of one shard. @throws DomainError ConfigInvalid when the plan has no such shard. */
export function shardOf(
  plan: Plan,
  { split, iteration, shard }: Pick<ShardInput, 'split' | 'iteration' | 'shard'>,
): readonly string[] {
  const lists = split === 'target' ? plan.sweeps[iteration - 1] : plan[split];
  const videos = lists?.[shard];
  if (videos) return videos;
  throw new DomainError(
    'ConfigInvalid',
    `The plan has no shard ${shard} of "${split}" in iteration ${iteration}: it has ${lists?.length ?? 0}.`,
  );
}

export function sizeOf(shards: readonly (readonly string[])[]): SweepSize {
  return { shards: shards.length, videos: shards.reduce((sum, shard) => sum + shard.length, 0) };
}

function refuseWithoutAnnotations(config: RunConfig, rows: number, annotated: number): void {
  const learning = learningFromSource(config);
  if (annotated > 0 || learning.length === 0) return;
  throw new DomainError(
    'DatasetInvalid',
    `The source dataset "${config.source}" has no labelled video in its train split (${counted(rows, 'row')} in its manifest), and the run learns from them: ${learning.join(', ')}. Ingest videos with their labels, or start from a policy without any of these.`,
  );
}

/** The settings by which something is learnt from the annotations of the source. */
function learningFromSource({ initialPolicy, autoencoder, landmark, inference, ppo }: RunConfig): string[] {
  const settings = {
    'no initialPolicy': !initialPolicy,
    'autoencoder.enabled': autoencoder.enabled,
    'landmark.enabled': landmark.enabled,
    'inference.completion.enabled': inference.completion.enabled,
    'ppo.sourceWindows': ppo.objective === 'group' && ppo.sourceWindows > 0,
  };
  return Object.entries(settings).flatMap(([name, learns]) => (learns ? [name] : []));
}

/** Every iteration goes on where the last one ended, so that a large target is seen as widely as possible. */
function sweepsOf(config: RunConfig, target: readonly PlannedVideo[]): string[][][] {
  const adaptTo = idsOf(target.filter(({ split }) => split === 'train' || split === 'pred'));
  if (adaptTo.length === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `The target dataset "${config.target}" has no video to adapt to: of its ${counted(target.length, 'video')} none is in the train or pred split. Ingest more videos.`,
    );
  }
  const { videosPerIteration, videosPerShard } = config.sweep;
  const order = shuffled(adaptTo, randomStream(config.seed, 'sweep'));
  const perIteration = Math.min(videosPerIteration, order.length);
  return Array.from({ length: config.iterations }, (_, i) =>
    sharded(
      Array.from({ length: perIteration }, (_, k) => order[(i * perIteration + k) % order.length]!),
      videosPerShard,
    ),
  );
}

/** Shards of the size asked for. */
export function sharded(videos: readonly string[], videosPerShard: number): string[][] {
  const shards: string[][] = [];
  for (let start = 0; start < videos.length; start += videosPerShard)
    shards.push(videos.slice(start, start + videosPerShard));
  return shards;
}

const idsOf = (videos: readonly PlannedVideo[]): string[] => videos.map(({ id }) => id);

function studiesOf(videos: readonly PlannedVideo[]): Record<string, string> {
  return Object.fromEntries(videos.map(({ id, study }) => [id, study]));
}
