/** Fine-tuning by several workers in rounds (method.md 7), as a workflow of its own. */
import { continueAsNew, setCurrentDetails } from '@temporalio/workflow';
import type { RoundsInput, RoundsResult, RoundsSoFar, RoundsTask } from '../contracts/stages.ts';
import { historyBudgets } from '../temporal.config.ts';
import { endsAsCancelled } from './cancelled.ts';
import { openStage } from './child-stage.ts';
import * as activities from './proxies.ts';
import { sideBySide } from './side-by-side.ts';
import { type Steering, Stopped } from './steering.ts';

/** Scheduled, started and ended, and the decision after that. */
const EVENTS_OF_ACTIVITY = 6;

export async function localSgdRounds(input: RoundsInput): Promise<RoundsResult> {
  return endsAsCancelled('fine-tuning', () => roundsOn(input));
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
    if (soFar.done < task.rounds)
      await continueAsNew<typeof localSgdRounds>({ task, steering: steering.state, soFar });
    return { best: soFar.merged!.best };
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
  { start, workers, rounds, steps }: RoundsTask,
  before: RoundsSoFar,
  { interruptible }: Steering,
  onRound: (done: number) => void,
  mayStart: () => boolean = () => true,
): Promise<RoundsSoFar> {
  let { done, merged, locals: last } = before;
  // At least one, or a stage of very many workers would never get further.
  while (done < rounds && (done === before.done || mayStart())) {
    const round = done + 1;
    const from = {
      ...start,
      ...(merged && { policy: merged.policy }),
      ...(merged?.critic && { critic: merged.critic }),
      round,
    };
    const locals: (typeof last)[number][] = [];
    await sideBySide({ from: 0, to: workers, concurrency: () => workers }, async (worker) => {
      const own = last[worker];
      const input = { ...from, worker, steps, ...(own && { before: own.local }) };
      locals[worker] = await interruptible(() => activities.trainLocally(input));
    });
    const outer = merged && { momentum: merged.momentum, best: merged.best };
    const input = { ...from, start: start.policy, locals, ...outer };
    merged = await interruptible(() => activities.mergeRound(input));
    last = locals;
    done = round;
    onRound(done);
  }
  return { done, locals: last, ...(merged && { merged }) };
}
