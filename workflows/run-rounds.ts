/** The run's side of a training in local-SGD rounds (method.md 7). */
import type { RoundsResult, RoundsTask } from '../contracts/stages.ts';
import { counted } from '../ground/counted.ts';
import { inChild } from './child-stage.ts';
import { localSgdRounds } from './local-sgd-rounds.ts';
import type { RunDesk } from './run-desk.ts';
import { Stopped } from './steering.ts';

export const noRounds = { done: 0, locals: [] } as const;

/**
 * @param name of the training within its run, such as `fine-tune-1`
 * @throws Stopped
 */
export async function runRounds(
  task: RoundsTask,
  name: string,
  { steering, progress }: RunDesk,
): Promise<RoundsResult> {
  const { run, rateFactor } = task.start;
  const stage = {
    workflow: localSgdRounds,
    name: `${name}${rateFactor === undefined ? '' : `-rate-${rateFactor}`}`,
    summary: `${counted(task.rounds, 'round')} of ${counted(task.workers, 'worker')} for ${run}, ${name}`,
    input: { task, soFar: noRounds },
  };
  const result = await inChild(run, stage, steering, progress.reach);
  // Earlier versions said the best alone.
  if (!result.merged && !result.best) throw new Stopped();
  return result;
}
