/**
 * How a fine-tuning is cut into local-SGD rounds (method.md 7): the workflow counts them, the workers take their
 * steps.
 */
import type { RunConfig } from '../contracts/run-config.ts';
import { historyBudgets } from '../temporal.config.ts';

export interface RoundPlan {
  readonly rounds: number;
  /** Of each worker in each round. */
  readonly steps: number;
}

/**
 * The windows of plain training, shared out evenly: rounded up, so that workers take at least as many together; more
 * rounds than fit one workflow history become longer ones.
 * @param videos of the iteration's sweep; windows of an epoch where the configuration has no number of its own
 */
export function planRounds(
  { ppo, localSgd }: Pick<RunConfig, 'ppo' | 'localSgd'>,
  videos: number,
): RoundPlan {
  const { workers, stepsPerRound } = localSgd;
  const perWorker = Math.ceil((ppo.epochs * (ppo.windowsPerEpoch ?? videos)) / workers);
  const mostRounds = Math.max(1, Math.floor(historyBudgets.activitiesOfFineTuning / (workers + 1)));
  const steps = Math.min(Math.max(stepsPerRound, Math.ceil(perWorker / mostRounds)), perWorker);
  return { rounds: Math.ceil(perWorker / steps), steps };
}
