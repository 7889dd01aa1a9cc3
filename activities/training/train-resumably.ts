/**
 * The loop of every training activity: resume from the newest checkpoint, take steps, tell where it stands, save while
 * the next steps are taken. Killed anywhere and started again, it ends with the same numbers as an uninterrupted one.
 */
import { z } from 'zod';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import type { Training, TrainingStep } from '../../method/training/training.ts';
import { writeJson } from '../artefacts/json-artefact.ts';
import { type ActivityContext, breathe, logWork } from '../context.ts';
import { Checkpoints } from './checkpoints.ts';

/** Measures of one step under their names, with its number from 1; what is not finite is left out. */
export type CurvePoint = Record<string, number>;

/** A checkpoint every so many steps, but no sooner than so many seconds after the one before it. */
export type CheckpointCadence = Pick<
  RunConfig['training'],
  'checkpointEverySteps' | 'checkpointEverySeconds'
>;

export interface TrainingTask<Progress> {
  /** Name of the activity, for the log. */
  readonly activity: string;
  /** Key prefix of its checkpoints, ending in a slash. */
  readonly folder: string;
  readonly cadence: CheckpointCadence;
  /** What it is made from; checkpoints record these. */
  readonly inputs: readonly ArtefactRef[];
  readonly training: Training<Progress>;
}

export interface Trained {
  readonly steps: number;
  readonly curve: CurvePoint[];
  /** Stores what is known of the training, after all that it made is stored, and removes its checkpoints. */
  conclude(key: string, document: unknown, made: readonly ArtefactRef[]): Promise<ArtefactRef>;
}

/**
 * @throws the reason of `context.signal` when it is aborted, after a checkpoint was written; DomainError
 * CheckpointIncompatible when the checkpoint that is there is not of this training.
 */
export async function trainResumably<Progress>(
  task: TrainingTask<Progress>,
  context: ActivityContext,
): Promise<Trained> {
  const { activity, folder, cadence, inputs, training } = task;
  const checkpoints = new Checkpoints(context, folder);
  const curve = await resume(training, checkpoints, folder);
  const stepsDone = (): number => training.count.done;
  let saved = stepsDone();
  const logSteps = (to: number): void => {
    if (to > saved) logWork(context, activity, `${folder} steps ${saved}-${to}`, { from: saved, to });
    saved = to;
  };
  /** Writes what the training is now; it may go on meanwhile. */
  const write = async (): Promise<void> => {
    const steps = stepsDone();
    const { arrays, progress } = training.state();
    await checkpoints.save(steps, { arrays, json: { training: progress, curve: [...curve] } }, inputs);
    logSteps(steps);
  };
  /** Of the newest checkpoint, or of the start. */
  let savedAt = performance.now();
  const isDue = (): boolean =>
    stepsDone() % cadence.checkpointEverySteps === 0 &&
    performance.now() - savedAt >= cadence.checkpointEverySeconds * 1000;
  /** The newest checkpoint: one at a time, so that memory holds one copy of the state. */
  let written: Promise<void> = Promise.resolve();
  const settled = (): Promise<void> => written.catch(() => undefined);
  const save = async (): Promise<void> => {
    await settled();
    if (stepsDone() > saved) await write();
  };

  const orSave = async (wait: () => Promise<void> | undefined): Promise<void> => {
    try {
      await wait();
    } catch (reason) {
      // Why it ends is what counts: without this checkpoint the work goes on from the one before.
      await save().catch((error: unknown) =>
        context.log.warn(
          { work: activity, key: folder, error: String(error) },
          'last checkpoint not written',
        ),
      );
      throw reason;
    }
  };

  try {
    while (!training.done) {
      await orSave(() => training.ready?.());
      const { measures } = training.step();
      curve.push(finite({ step: stepsDone(), ...measures }));
      tell(training, measures, context);
      await orSave(() => breathe(context));
      if (!isDue()) continue;
      await orSave(() => written);
      savedAt = performance.now();
      written = write();
      // Whether it failed is asked before the next one, and at the end.
      written.catch(() => undefined);
    }
    await orSave(() => written);
  } catch (error) {
    await settled();
    // The checkpoints of a training that diverged lead to where it diverged: they go.
    if (error instanceof DomainError && error.code === 'Diverged') await checkpoints.clear();
    throw error;
  }
  logSteps(stepsDone());
  return {
    steps: stepsDone(),
    curve,
    async conclude(key, document, made) {
      const stored = await writeJson(context, key, document, made);
      await checkpoints.clear();
      return stored;
    },
  };
}

/** Brings the training to where its newest checkpoint was made; gives the curve up to there. */
async function resume<Progress>(
  training: Training<Progress>,
  checkpoints: Checkpoints,
  folder: string,
): Promise<CurvePoint[]> {
  const newest = await checkpoints.newest();
  if (!newest) return [];
  const schema = z.strictObject({
    training: training.progressSchema,
    curve: z.array(z.record(z.string(), z.number())),
  });
  const stored = schema.safeParse(newest.state.json);
  if (!stored.success) {
    throw new DomainError(
      'CheckpointIncompatible',
      `The checkpoint of step ${newest.step} in ${folder} is not of the form that this version reads: ${z.prettifyError(stored.error)}. Start a new run.`,
    );
  }
  const { training: progress, curve } = stored.data;
  training.restore({ arrays: newest.state.arrays, progress });
  return curve;
}

function tell<Progress>(
  { count }: Training<Progress>,
  { loss, reward }: TrainingStep['measures'],
  context: ActivityContext,
): void {
  context.heartbeat({
    step: count.done,
    total: count.total,
    ...(count.phase !== undefined && { phase: count.phase }),
    ...(loss !== undefined && Number.isFinite(loss) && { loss }),
    ...(reward !== undefined && Number.isFinite(reward) && { reward }),
  });
}

function finite(point: CurvePoint): CurvePoint {
  return Object.fromEntries(Object.entries(point).filter(([, value]) => Number.isFinite(value)));
}
