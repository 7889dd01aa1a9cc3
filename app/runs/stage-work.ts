/** How far the current stage of a run is, and how fast it goes. */
import type { ComputeActivities } from '../../contracts/activities.ts';
import type { Heartbeat, Stage } from '../../contracts/messages.ts';
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
  const training = trainingOf(state);
  if (progress.total <= 1 && training) return heartbeatWork(`${name} ${training.name}`, training.heartbeat);
  // One unit of training says nothing; its steps come with the first heartbeat.
  if (progress.total === 0 || (progress.total === 1 && progress.unit === 'steps')) return undefined;
  return { name, done: progress.done, total: progress.total, unit: progress.unit };
}

function heartbeatWork(name: string, { preparing, step: done, total, phase }: Heartbeat): StageWork {
  return preparing
    ? { name: `${name} preparing`, ...preparing, unit: 'videos prepared' }
    : { name, done, total, unit: 'steps', ...(phase && { phase }) };
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

/** Trainings of a run that go on side by side, by the stage that is theirs. */
const sideBySideTrainings: Partial<Record<Stage, keyof ComputeActivities>> = {
  pretraining: 'pretrainPolicy',
  'fitting the shape autoencoder': 'fitShapeAutoencoder',
  'fitting the linear shapes': 'fitLinearShapes',
};

type Reporting = RunningActivity & { readonly heartbeat: Heartbeat };

/** The activities that report their steps, or what they prepare for them. */
function reporting({ activities }: Pick<RunState, 'activities'>): Reporting[] {
  return activities.filter(
    (activity): activity is Reporting =>
      activity.heartbeat !== undefined && (activity.heartbeat.total > 0 || !!activity.heartbeat.preparing),
  );
}

/** The training activity of the stage, if one reports. */
export function trainingOf(state: Pick<RunState, 'activities' | 'progress'>): Reporting | undefined {
  const own = state.progress && sideBySideTrainings[state.progress.stage];
  return reporting(state).find(({ name }) => own === undefined || name === own);
}

/** Trainings that other workers have taken beside that of the stage, with how far they are. */
export function besideTraining(state: Pick<RunState, 'activities' | 'progress'>): StageWork[] {
  const own = state.progress && sideBySideTrainings[state.progress.stage];
  return Object.entries(sideBySideTrainings).flatMap(([stage, activity]) => {
    const beside = own !== undefined && activity !== own;
    const found = beside ? reporting(state).find(({ name }) => name === activity) : undefined;
    return found ? [heartbeatWork(stage, found.heartbeat)] : [];
  });
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
