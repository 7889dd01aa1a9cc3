/** Local-SGD rounds (method.md 7) without their workflow: the activities in the order in which it calls them. */
import type { ActivityContext } from '../../activities/context.ts';
import { mergeRound } from '../../activities/merge-round.ts';
import { trainLocally } from '../../activities/train-locally.ts';
import type { MergeRoundResult, TrainLocallyResult } from '../../contracts/round-activities.ts';
import type { RoundsSoFar, RoundsTask } from '../../contracts/stages.ts';
import { isOver, mergeInput, partInput } from '../../decisions/round-inputs.ts';

type Activity<Input, Output> = (input: Input, context: ActivityContext) => Promise<Output>;
type Call = <Input, Output>(activity: Activity<Input, Output>, input: Input) => Promise<Output>;

export interface DrivenRound {
  /** Of the workers, in their order. */
  readonly locals: readonly TrainLocallyResult[];
  readonly merged: MergeRoundResult;
}

/** @param onRound called after each with what it made */
export async function driveRounds(
  task: RoundsTask,
  call: Call,
  onRound: (round: DrivenRound) => Promise<void> = async () => undefined,
): Promise<readonly DrivenRound[]> {
  const rounds: DrivenRound[] = [];
  let soFar: RoundsSoFar = { done: 0, locals: [] };
  while (!isOver(task, soFar)) {
    const locals: TrainLocallyResult[] = [];
    for (let worker = 0; worker < task.workers; worker++)
      locals.push(await call(trainLocally, partInput(task, soFar, worker)));
    const merged = await call(mergeRound, mergeInput(task, soFar, locals));
    soFar = { done: soFar.done + 1, merged, locals };
    rounds.push({ locals, merged });
    await onRound({ locals, merged });
  }
  return rounds;
}
