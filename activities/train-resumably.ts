/**
 * The loop of every training activity: resume from the newest checkpoint, take steps, tell where it stands, save. Killed anywhere
 * and started again, it ends with the same numbers as an uninterrupted one.
 */
import { z } from 'zod';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { Checkpoints, type TrainingState } from './checkpoints.ts';
import { type ActivityContext, breathe, logWork } from './context.ts';

/** Measures of one step under their names; what is not finite is left out. */
export type CurvePoint = Readonly<Record<string, number>>;

/** A training that can be saved after any step. */
export interface ResumableTraining {
  readonly done: boolean;
  /** Upper bound, for progress. */
  readonly totalSteps: number;
  /** Takes the next step. */
  step(): Promise<CurvePoint> | CurvePoint;
  state(): TrainingState;
  restore(state: TrainingState): void;
}

export interface TrainingTask {
  /** Name of the activity, for the log. */
  readonly activity: string;
  /** Key prefix of its checkpoints, ending in a slash. */
  readonly folder: string;
  readonly checkpointEverySteps: number;
  /** What it is made from; checkpoints record these. */
  readonly inputs: readonly ArtefactRef[];
  readonly training: ResumableTraining;
}

export interface Trained {
  readonly steps: number;
  readonly curve: readonly CurvePoint[];
  /** To be called when the result is stored. */
  readonly clearCheckpoints: () => Promise<void>;
}

const StateSchema = z.strictObject({
  training: z.unknown(),
  curve: z.array(z.record(z.string(), z.number())),
});

/** @throws the reason of `context.signal` when it is aborted, after a checkpoint was written. */
export async function trainResumably(task: TrainingTask, context: ActivityContext): Promise<Trained> {
  const { activity, folder, checkpointEverySteps, inputs, training } = task;
  const checkpoints = new Checkpoints(context, folder);
  const newest = await checkpoints.newest();
  let step = 0;
  const curve: CurvePoint[] = [];
  if (newest) {
    const saved = StateSchema.parse(newest.state.json);
    training.restore({ arrays: newest.state.arrays, json: saved.training });
    curve.push(...saved.curve);
    step = newest.step;
  }
  let saved = step;
  const save = async (): Promise<void> => {
    if (step === saved) return;
    const { arrays, json } = training.state();
    await checkpoints.save(step, { arrays, json: { training: json, curve } }, inputs);
    logWork(context, activity, `${folder} steps ${saved}-${step}`, { from: saved, to: step });
    saved = step;
  };

  while (!training.done) {
    const point = await stepOrClear(training, checkpoints);
    step++;
    curve.push(finite({ step, ...point }));
    context.heartbeat({
      step,
      total: Math.max(step, training.totalSteps),
      ...(Number.isFinite(point.loss) && { loss: point.loss! }),
      ...(Number.isFinite(point.reward) && { reward: point.reward! }),
    });
    try {
      await breathe(context);
    } catch (reason) {
      // Told to stop is what counts: without this checkpoint the work goes on from the one before.
      await save().catch((error: unknown) =>
        context.log.warn(
          { work: activity, key: folder, error: String(error) },
          'last checkpoint not written',
        ),
      );
      throw reason;
    }
    if (step % checkpointEverySteps === 0) await save();
  }
  if (step !== saved)
    logWork(context, activity, `${folder} steps ${saved}-${step}`, { from: saved, to: step });
  return { steps: step, curve, clearCheckpoints: () => checkpoints.clear() };
}

/** The checkpoints of a training that diverged lead to where it diverged: they go. */
async function stepOrClear(training: ResumableTraining, checkpoints: Checkpoints): Promise<CurvePoint> {
  try {
    return await training.step();
  } catch (error) {
    if (error instanceof DomainError && error.code === 'Diverged') await checkpoints.clear();
    throw error;
  }
}

function finite(point: CurvePoint): CurvePoint {
  return Object.fromEntries(Object.entries(point).filter(([, value]) => Number.isFinite(value)));
}
