/** What the group-relative objective (method.md 6.2) is given beside the videos: proposals of the sweep, source windows. */
import type { FineTuneInput } from '../../contracts/activities.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { GroupMaterial } from '../../method/ppo/group/group-objective.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { readPrediction } from '../videos/predictions.ts';
import { shelveVideos } from '../videos/shelve-videos.ts';
import { labelledWindowsFrom, VideoShelf } from '../videos/video-shelf.ts';

interface GroupTask {
  readonly input: Pick<FineTuneInput, 'run' | 'iteration'>;
  readonly facts: RunFacts;
  /** Holds the videos. */
  readonly shelf: VideoShelf;
  readonly keep: Keep;
  readonly videos: readonly string[];
}

export interface GroupMaterialOfVideos {
  readonly material: GroupMaterial;
  /** Those of the videos that the sweep could segment, in their order. */
  readonly usable: readonly string[];
}

/** Undefined in a run with the published objective. */
export async function groupMaterial(
  { input, facts, shelf, keep, videos }: GroupTask,
  context: ActivityContext,
): Promise<GroupMaterialOfVideos | undefined> {
  const { config, plan } = facts;
  const { run, iteration } = input;
  if (config.ppo.objective === 'published') return undefined;
  const usable: string[] = [];
  for (const [index, id] of videos.entries()) {
    const swept = await readPrediction({ run, iteration, split: 'target' }, id, context);
    await breatheWhilePreparing(context, index + 1, videos.length);
    if (!swept) continue;
    shelf.putLabels(id, swept.labels);
    usable.push(id);
  }
  const source = keep(new VideoShelf());
  const annotated = config.ppo.sourceWindows > 0 ? plan.source.train : [];
  const shelved =
    annotated.length > 0 &&
    (await shelveVideos(
      source,
      { run, dataset: config.source, videos: annotated, labelled: true, config },
      context,
    ));
  return {
    usable,
    material: {
      proposals: [labelledWindowsFrom(shelf, usable)],
      source: shelved ? labelledWindowsFrom(source, shelved.usable) : undefined,
      augmentation: config.augmentation,
      spacingMm: config.preprocessing.spacingMm,
    },
  };
}
