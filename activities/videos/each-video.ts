/** Goes through the videos of a shard: one at a time, a bad one set aside, what is there already left alone. */
import type { ShardInput, ShardResult } from '../../contracts/activities.ts';
import { type ActivityContext, breathe } from '../context.ts';
import { tryVideo } from './quarantine.ts';

export interface VideosOf extends Pick<ShardInput, 'run'> {
  /** Where the reason of a video that is set aside goes; the run's quarantine when left out. */
  readonly reasonKey?: (id: string) => string;
}

/** @param work on one video; `skip` says that there is nothing to do for it and nothing to count. */
export async function eachVideo(
  { run, reasonKey }: VideosOf,
  videos: readonly string[],
  context: ActivityContext,
  work: (id: string) => Promise<'done' | 'skip'>,
): Promise<ShardResult> {
  let done = 0;
  let quarantined = 0;
  for (const [index, id] of videos.entries()) {
    const tried = await tryVideo(context, run, id, () => work(id), reasonKey?.(id));
    if ('quarantined' in tried) quarantined++;
    else if (tried.value === 'done') done++;
    context.heartbeat({ step: index + 1, total: videos.length });
    await breathe(context);
  }
  return { done, quarantined };
}
