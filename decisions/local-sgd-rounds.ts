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

/** What a worker's part of a round is in its whole fine-tuning. */
export interface WorkerPart {
  /** One epoch of the part's steps, with what is left of this worker's share of the warm-up. */
  readonly ppo: RunConfig['ppo'];
  /** Steps of the same worker in the rounds before and in those to come. */
  readonly before: number;
  readonly after: number;
}

/** @param videos of the iteration's sweep */
export function planPart(
  config: Pick<RunConfig, 'ppo' | 'localSgd'>,
  videos: number,
  { round, steps }: { readonly round: number; readonly steps: number },
): WorkerPart {
  const { ppo, localSgd } = config;
  const before = (round - 1) * steps;
  const warmup = Math.max(0, Math.ceil(ppo.criticWarmupWindows / localSgd.workers) - before);
  return {
    ppo: { ...ppo, epochs: 1, windowsPerEpoch: steps, criticWarmupWindows: warmup },
    before,
    after: (planRounds(config, videos).rounds - round) * steps,
  };
}
