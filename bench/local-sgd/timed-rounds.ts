/**
 * Trainings of a benchmark with the time that they take. The workers of a round run one after the other in this process
 * and are timed as if side by side: a round lasts as long as its slowest worker and the merging of what they made.
 */
import type { ActivityContext } from '../../activities/context.ts';
import type { RoundsTask } from '../../contracts/stages.ts';
import { type DrivenRound, driveRounds } from '../../test/orchestration/drive-rounds.ts';

export interface LocalSgdRow {
  readonly training: 'pretraining' | 'reward fit' | 'fine-tuning';
  readonly workers: number;
  /** Steps that each worker has taken. */
  readonly step: number;
  /** On what is held out: a loss of pretraining and reward fit, the reward of fine-tuning. */
  readonly validation: number;
  /** Of the whole training, all workers together. */
  readonly windowsPerSecond: number;
}

/** What a training gave at one of its steps. */
export type Rated = Pick<LocalSgdRow, 'step' | 'validation'>;

export async function timed<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly seconds: number }> {
  const began = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - began) / 1000 };
}

/** All rounds; `windows` are the steps of all workers. */
export async function timedRounds(
  task: RoundsTask,
  context: ActivityContext,
): Promise<{ readonly rounds: readonly DrivenRound[]; readonly windows: number; readonly seconds: number }> {
  let seconds = 0;
  let slowest = 0;
  let inRound = 0;
  const rounds = await driveRounds(task, async (activity, input) => {
    const { result, seconds: taken } = await timed(() => activity(input, context));
    const merging = inRound === task.workers;
    inRound = merging ? 0 : inRound + 1;
    slowest = merging ? 0 : Math.max(slowest, taken);
    if (merging) seconds += taken;
    else if (inRound === task.workers) seconds += slowest;
    return result;
  });
  const windows = rounds.flatMap(({ locals }) => locals).reduce((sum, { steps }) => sum + steps, 0);
  return { rounds, windows, seconds };
}
