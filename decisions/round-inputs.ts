/** What the activities of a local-SGD round (method.md 7) are told, out of what the round before left. */
import type {
  MergedNetworks,
  MergeRoundInput,
  MergeRoundResult,
  RoundsStart,
  TrainLocallyInput,
} from '../contracts/round-activities.ts';
import type { RoundsSoFar, RoundsTask } from '../contracts/stages.ts';

/** After the last round, or where the rules of the training end it earlier. */
export function isOver({ rounds }: RoundsTask, { done, merged }: RoundsSoFar): boolean {
  return done >= rounds || merged?.ended === true;
}

/** Of a worker, counted from 0, in the round after those that are done. */
export function partInput(task: RoundsTask, soFar: RoundsSoFar, worker: number): TrainLocallyInput {
  const { steps } = task;
  const own = soFar.locals[worker];
  const part = { worker, ...(steps !== undefined && { steps }), ...(own && { before: own.local }) };
  // Which networks there are, and whether a part has steps, follows from the training that the task is of.
  return { ...fromOf(task, soFar), ...part } as TrainLocallyInput;
}

/** @param locals of all workers in the round after those that are done, in their order */
export function mergeInput(
  task: RoundsTask,
  soFar: RoundsSoFar,
  locals: MergeRoundInput['locals'],
): MergeRoundInput {
  const { start } = task;
  const { merged } = soFar;
  const outer = { ...startOf(start), ...(merged && outerStateOf(merged)), locals };
  return { ...fromOf(task, soFar), ...outer } as MergeRoundInput;
}

function fromOf({ start }: RoundsTask, { done, merged }: RoundsSoFar) {
  return { ...start, ...(merged && networksOf(merged)), round: done + 1 };
}

/** What the next round starts from. */
function networksOf({ policy, critic, network }: MergeRoundResult): MergedNetworks {
  return { ...(policy && { policy }), ...(critic && { critic }), ...(network && { network }) };
}

/** What the next merging goes on from. */
function outerStateOf({ momentum, average, best }: MergeRoundResult) {
  return { momentum, ...(average && { average }), ...(best && { best }) };
}

/** A fine-tuning may end between the policy that its first round started from and the merged one. */
function startOf(start: RoundsStart) {
  return 'reward' in start ? { start: start.policy } : {};
}
