/** A training by several workers in rounds (method.md 7), as a workflow of its own. */
import { continueAsNew, setCurrentDetails } from '@temporalio/workflow';
import type { TrainLocallyResult } from '../contracts/round-activities.ts';
import type { RoundsInput, RoundsResult, RoundsSoFar, RoundsTask } from '../contracts/stages.ts';
import { isOver, mergeInput, partInput } from '../decisions/round-inputs.ts';
import { historyBudgets } from '../temporal.config.ts';
import { endsAsCancelled } from './cancelled.ts';
import { openStage } from './child-stage.ts';
import * as activities from './proxies.ts';
import { sideBySide } from './side-by-side.ts';
import { type Steering, Stopped } from './steering.ts';

/** Scheduled, started and ended, and the decision after that. */
const EVENTS_OF_ACTIVITY = 6;

export async function localSgdRounds(input: RoundsInput): Promise<RoundsResult> {
  return endsAsCancelled('training in rounds', () => roundsOn(input));
}

async function roundsOn({ task, steering: told, soFar: before }: RoundsInput): Promise<RoundsResult> {
  const { steering, report, mayGoOn } = openStage<number>(told, EVENTS_OF_ACTIVITY);
  let reported = before.done;
  const onRound = (done: number): void => {
    setCurrentDetails(`${done} of ${task.rounds} rounds`);
    if (done - reported < task.rounds / historyBudgets.reportsOfStage) return;
    reported = done;
    report(done);
  };
  try {
    const soFar = await goThroughRounds(task, before, steering, onRound, () => mayGoOn(task.workers + 1));
    if (!isOver(task, soFar))
      await continueAsNew<typeof localSgdRounds>({ task, steering: steering.state, soFar });
    const { done, merged } = soFar;
    return { done, ...(merged && { merged }), ...(merged?.best && { best: merged.best }) };
  } catch (error) {
    if (error instanceof Stopped) return {};
    throw error;
  }
}

/**
 * One round after the other: every worker trains from the merged weights, then their changes are merged.
 * @param onRound called after each with the number of those that are done
 * @param mayStart once it says false, no further round is begun
 * @throws Stopped
 */
export async function goThroughRounds(
  task: RoundsTask,
  before: RoundsSoFar,
  { interruptible }: Steering,
  onRound: (done: number) => void,
  mayStart: () => boolean = () => true,
): Promise<RoundsSoFar> {
  let soFar = before;
  // At least one, or a stage of very many workers would never get further.
  while (!isOver(task, soFar) && (soFar === before || mayStart())) {
    const now = soFar;
    const { workers } = task;
    const locals: TrainLocallyResult[] = [];
    await sideBySide({ from: 0, to: workers, concurrency: () => workers }, async (worker) => {
      const input = partInput(task, now, worker);
      locals[worker] = await interruptible(() => activities.trainLocally(input));
    });
    const input = mergeInput(task, now, locals);
    const merged = await interruptible(() => activities.mergeRound(input));
    soFar = { done: now.done + 1, merged, locals };
    onRound(soFar.done);
  }
  return soFar;
}
