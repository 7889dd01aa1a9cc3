/** Prepares all videos of a training at once and puts them on the shelf; bad ones are set aside and counted. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { prepareLabels, prepareVideo } from './prepared-video.ts';
import { tryVideo } from './quarantine.ts';
import { refuseEmptyTraining } from './refuse-empty-training.ts';
import type { VideoShelf } from './video-shelf.ts';

export interface VideosOfTraining {
  readonly run: string;
  readonly dataset: string;
  readonly videos: readonly string[];
  /** Put the labels on the shelf, too. */
  readonly labelled: boolean;
  readonly config: RunConfig;
}

export interface ShelvedVideos {
  /** In the order asked for, without the bad ones, so that an index means the same video at every attempt. */
  readonly usable: readonly string[];
  readonly quarantined: number;
}

/** @throws DomainError DatasetInvalid when more videos are bad than the run allows. */
export async function shelveVideos(
  shelf: VideoShelf,
  { run, dataset, videos, labelled, config }: VideosOfTraining,
  context: ActivityContext,
): Promise<ShelvedVideos> {
  const usable: string[] = [];
  for (const [index, id] of videos.entries()) {
    const tried = await tryVideo(context, run, id, async () => {
      const { video } = await prepareVideo(context, dataset, id, config.preprocessing);
      const labels = labelled ? await prepareLabels(context, dataset, id, config.preprocessing) : undefined;
      shelf.put(id, video, labels);
    });
    if ('value' in tried) usable.push(id);
    await breatheWhilePreparing(context, index + 1, videos.length);
  }
  refuseEmptyTraining(dataset, videos.length, usable.length, config.sweep.maxQuarantinedShare);
  return { usable, quarantined: videos.length - usable.length };
}
