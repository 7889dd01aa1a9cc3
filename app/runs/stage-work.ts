/** How far the current stage of a run is, and how fast it goes. */
import type { RunningActivity, RunState } from './adaptation-client.ts';

/** Share of the newest observation in the smoothed rate. */
const smoothing = 0.3;

/** How fast the current stage goes, from two looks at it. */
export interface Rate {
  readonly perSecond: number;
  readonly secondsLeft: number;
}

/** The work of the current stage that is done: its shards, or the steps that the training activity reported. */
export interface StageWork {
  /** Changes when another piece of work begins, so that rates are not mixed. */
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** What is done just now, where the steps are not those of the training itself: `validation windows`. */
  readonly phase?: string;
}

/** Undefined before anything countable has begun. */
export function stageWork(state: RunState): StageWork | undefined {
  const progress = placeOf(state);
  if (!progress) return undefined;
  const { name } = progress;
  const training = trainingOf(state.activities);
  if (progress.total <= 1 && training?.heartbeat) {
    const { preparing, step: done, total, phase } = training.heartbeat;
    return preparing
      ? { name: `${name} ${training.name} preparing`, ...preparing, unit: 'videos prepared' }
      : { name: `${name} ${training.name}`, done, total, unit: 'steps', ...(phase && { phase }) };
  }
  // One unit of training says nothing; its steps come with the first heartbeat.
  if (progress.total === 0 || (progress.total === 1 && progress.unit === 'steps')) return undefined;
  return { name, done: progress.done, total: progress.total, unit: progress.unit };
}

/** Where the run is, and how much of that is done. */
function placeOf({
  progress,
  comparison,
}: RunState): Pick<StageWork, 'name' | 'done' | 'total' | 'unit'> | undefined {
  if (progress) {
    const { stage, iteration, done, total, unit } = progress;
    return { name: `${stage} ${iteration}`, done, total, unit };
  }
  if (!comparison) return undefined;
  const { row, stage, done, total } = comparison;
  return { name: `${row} ${stage}`, done, total, unit: total > 1 ? 'shards' : 'steps' };
}

/** The training activity that reports its steps or what it prepares for them, if one does. */
export function trainingOf(activities: readonly RunningActivity[]): RunningActivity | undefined {
  return activities.find(({ heartbeat }) => heartbeat && (heartbeat.total > 0 || heartbeat.preparing));
}

/** Work per second of the current piece of work, smoothed over looks; undefined until it has moved. */
export function rateMeter(): (state: RunState, nowMs: number) => Rate | undefined {
  let name = '';
  let lastDone = 0;
  let lastAt = 0;
  let perSecond: number | undefined;
  return (state, nowMs) => {
    const work = stageWork(state);
    if (!work) return undefined;
    if (work.name !== name || work.done < lastDone) {
      name = work.name;
      lastDone = work.done;
      lastAt = nowMs;
      perSecond = undefined;
      return undefined;
    }
    if (work.done > lastDone && nowMs > lastAt) {
      const seen = ((work.done - lastDone) * 1000) / (nowMs - lastAt);
      perSecond = perSecond === undefined ? seen : smoothing * seen + (1 - smoothing) * perSecond;
      lastDone = work.done;
      lastAt = nowMs;
    }
    return perSecond === undefined
      ? undefined
      : { perSecond, secondsLeft: Math.max(0, work.total - work.done) / perSecond };
  };
}
