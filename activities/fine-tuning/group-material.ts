/**
 * What the group-relative objective (method.md 6.2) is given beside the videos: proposals of the sweep, source windows.
 */
import type { RunConfig } from '../../contracts/run-config.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import type { GroupMaterial } from '../../method/ppo/group/group-objective.ts';
import { completedSegmentation, frameByFrame } from '../../method/shapes/completed-segmentation.ts';
import type { LabelledWindowSource, WindowSource } from '../../method/windows/training-windows.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { runKeys } from '../../storage/keys.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { readRunShapes } from '../artefacts/run-shapes.ts';
import { type ActivityContext, tellPreparing } from '../context.ts';
import { SweptLabels } from '../videos/swept-labels.ts';
import { trainingVideos } from '../videos/usable-videos.ts';

type Iteration = Pick<FineTuneInput, 'run' | 'iteration'>;

/**
 * Those of the videos that can be trained on: with the group-relative objective the ones that the sweep could segment,
 * in their order.
 */
export async function segmentedInSweep(
  videos: readonly string[],
  { run, iteration }: Iteration,
  { ppo }: RunConfig,
  context: ActivityContext,
): Promise<readonly string[]> {
  if (ppo.objective === 'published') return videos;
  const { store, signal } = context;
  const found = await inParallel(
    videos,
    (id) => findArtefact(store, runKeys.prediction(run, iteration, 'target', id)),
    { signal, onProgress: (done, total) => tellPreparing(context, done, total) },
  );
  return videos.filter((_, index) => found[index]);
}

interface GroupTask {
  readonly input: Iteration;
  readonly facts: RunFacts;
  /** All of them segmented by the sweep. */
  readonly ids: readonly string[];
  /** Their windows, by the same indices. */
  readonly windows: WindowSource;
}

/** Undefined in a run with the published objective. */
export async function groupMaterial(
  { input, facts, ids, windows }: GroupTask,
  context: ActivityContext,
): Promise<GroupMaterial | undefined> {
  const { config } = facts;
  const { run, iteration } = input;
  if (config.ppo.objective === 'published') return undefined;
  const sweep = { run, iteration, split: 'target' } as const;
  return {
    swept: new SweptLabels({ sweep, ids, windows }, context),
    source: await sourceWindows(run, facts, context),
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    complete: await completionOfWindows(run, config, context),
  };
}

/** As inference completes (method.md 4.4), but frame by frame: a window says nothing of time. */
async function completionOfWindows(
  run: string,
  config: RunConfig,
  context: ActivityContext,
): Promise<GroupMaterial['complete']> {
  if (!config.ppo.proposals.includes('completed')) return undefined;
  const shapes = await readRunShapes(context, run, config);
  if (!shapes) return undefined;
  const completion = frameByFrame(config.inference.completion);
  return (window) => completedSegmentation(window, completion, shapes.model).labels;
}

async function sourceWindows(
  run: string,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<LabelledWindowSource | undefined> {
  if (config.ppo.sourceWindows === 0) return undefined;
  const videos = { run, dataset: config.source, videos: plan.source.train, labelled: true, config };
  return (await trainingVideos(videos, context)).windows;
}
