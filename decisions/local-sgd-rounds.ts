/**
 * How a training is cut into local-SGD rounds (method.md 7): the workflow counts them, the workers take their steps.
 */
import type { LocalSgdConfig, PretrainingConfig, RunConfig } from '../contracts/run-config.ts';
import { historyBudgets } from '../temporal.config.ts';

export interface RoundPlan {
  readonly rounds: number;
  /** Of each worker in each round. */
  readonly steps: number;
}

/**
 * The steps of plain training, shared out evenly: rounded up, so that workers take at least as many together; more
 * rounds than fit one workflow history become longer ones.
 * @param total steps of plain training, at least 1
 */
export function planRounds(
  { workers, stepsPerRound }: Pick<LocalSgdConfig, 'workers' | 'stepsPerRound'>,
  total: number,
): RoundPlan {
  const perWorker = Math.ceil(total / workers);
  const mostRounds = Math.max(1, Math.floor(historyBudgets.activitiesOfTraining / (workers + 1)));
  const steps = Math.min(Math.max(stepsPerRound, Math.ceil(perWorker / mostRounds)), perWorker);
  return { rounds: Math.ceil(perWorker / steps), steps };
}

/** @param videos of the iteration's sweep; windows of an epoch where the configuration has no number of its own */
export function stepsOfFineTuning(
  { epochs, windowsPerEpoch }: Pick<RunConfig['ppo'], 'epochs' | 'windowsPerEpoch'>,
  videos: number,
): number {
  return epochs * (windowsPerEpoch ?? videos);
}

/**
 * Those of a fine-tuning are no longer than an epoch, after which plain training would rate its policy.
 * @param videos of the iteration's sweep
 */
export function planFineTuningRounds(
  { ppo, localSgd }: Pick<RunConfig, 'ppo' | 'localSgd'>,
  videos: number,
): RoundPlan {
  const epoch = Math.ceil((ppo.windowsPerEpoch ?? videos) / localSgd.workers);
  const stepsPerRound = Math.min(localSgd.stepsPerRound, epoch);
  return planRounds({ ...localSgd, stepsPerRound }, stepsOfFineTuning(ppo, videos));
}

interface StepsOfRound {
  /** From 1. */
  readonly round: number;
  readonly steps: number;
}

/** Steps of the same worker in the rounds before and in those to come. */
interface Around {
  readonly before: number;
  readonly after: number;
}

/** What a worker's part of a round is in its whole fine-tuning. */
export interface FineTuningPartPlan extends Around {
  /** One epoch of the part's steps, with what is left of this worker's share of the warm-up. */
  readonly ppo: RunConfig['ppo'];
}

/** @param videos of the iteration's sweep */
export function planFineTuningPart(
  { ppo, localSgd }: Pick<RunConfig, 'ppo' | 'localSgd'>,
  videos: number,
  part: StepsOfRound,
): FineTuningPartPlan {
  const around = planAround(planFineTuningRounds({ ppo, localSgd }, videos), part);
  const warmup = Math.max(0, Math.ceil(ppo.criticWarmupWindows / localSgd.workers) - around.before);
  return {
    // Averaged are the merged weights, from round to round.
    ppo: { ...ppo, epochs: 1, windowsPerEpoch: part.steps, criticWarmupWindows: warmup, averageDecay: 0 },
    ...around,
  };
}

/** The same of a pretraining: the part's steps, with the worker's share of the warm-up of the whole training. */
export interface PretrainingPartPlan extends Around {
  readonly config: PretrainingConfig;
}

export function planPretrainingPart(
  { pretraining, localSgd }: Pick<RunConfig, 'pretraining' | 'localSgd'>,
  part: StepsOfRound,
): PretrainingPartPlan {
  const warmupSteps = Math.ceil(pretraining.warmupSteps / localSgd.workers);
  return {
    config: { ...pretraining, steps: part.steps, warmupSteps, averageDecay: 0 },
    ...planAround(planRounds(localSgd, pretraining.steps), part),
  };
}

function planAround({ rounds }: RoundPlan, { round, steps }: StepsOfRound): Around {
  return { before: (round - 1) * steps, after: (rounds - round) * steps };
}
