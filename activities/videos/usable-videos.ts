/** Makes all videos of a training ready, several at a time; bad ones are set aside and counted. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { storeLimits } from '../../temporal.config.ts';
import { type ActivityContext, tellPreparing } from '../context.ts';
import { preparedLabels, preparedVideo, wholePreparedVideo } from './prepared-frames.ts';
import { tryVideo } from './quarantine.ts';
import { refuseEmptyTraining } from './refuse-empty-training.ts';
import { TrainingVideos } from './training-videos.ts';
import type { VideoShelf } from './video-shelf.ts';

/** Each is tens of megabytes on its way. */
const WHOLE_VIDEOS_AT_ONCE = 2;

export interface VideosOfTraining {
  readonly run: string;
  readonly dataset: string;
  readonly videos: readonly string[];
  readonly config: RunConfig;
  /** Of a worker's shard: whether too many are bad is asked of all shards together, here whether any is left. */
  readonly isShard?: boolean | undefined;
}

interface Usable<Value> {
  /** In the order asked for, without the bad ones, so that an index means the same video at every attempt. */
  readonly ids: readonly string[];
  readonly values: readonly Value[];
  readonly quarantined: number;
}

/** Videos to draw windows from. @throws DomainError DatasetInvalid when more are bad than the run allows */
export async function trainingVideos(
  { labelled, ...videos }: VideosOfTraining & { readonly labelled: boolean },
  context: ActivityContext,
): Promise<{ readonly windows: TrainingVideos } & Omit<Usable<unknown>, 'values'>> {
  const { dataset, config } = videos;
  const { preprocessing } = config;
  const { ids, values, quarantined } = await usable(videos, context, async (id) => ({
    image: await preparedVideo(context, dataset, id, preprocessing),
    labels: labelled ? await preparedLabels(context, dataset, id, preprocessing) : undefined,
  }));
  return { windows: new TrainingVideos(values), ids, quarantined };
}

/**
 * Puts videos on the shelf that are all gone through again and again; gives the usable ones.
 * @throws DomainError DatasetInvalid when more are bad than the run allows
 */
export async function shelveVideos(
  shelf: VideoShelf,
  videos: VideosOfTraining,
  context: ActivityContext,
): Promise<readonly string[]> {
  const { dataset, config } = videos;
  const put = async (id: string): Promise<void> =>
    shelf.put(id, (await wholePreparedVideo(context, dataset, id, config.preprocessing)).video);
  const { ids } = await usable(videos, context, put, WHOLE_VIDEOS_AT_ONCE);
  return ids;
}

async function usable<Value>(
  { run, dataset, videos, config, isShard }: VideosOfTraining,
  context: ActivityContext,
  work: (id: string) => Promise<Value>,
  concurrency: number = storeLimits.readsAtOnce,
): Promise<Usable<Value>> {
  const tried = await inParallel(videos, async (id) => tryVideo(context, run, id, () => work(id)), {
    concurrency,
    signal: context.signal,
    onProgress: (done, total) => tellPreparing(context, done, total),
  });
  const values: Value[] = [];
  const ids = videos.filter((_, index) => {
    const one = tried[index]!;
    if (!('value' in one)) return false;
    values.push(one.value);
    return true;
  });
  refuseEmptyTraining(dataset, videos.length, ids.length, isShard ? 1 : config.sweep.maxQuarantinedShare);
  return { ids, values, quarantined: videos.length - ids.length };
}
