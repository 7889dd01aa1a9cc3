/** The reward fit of one iteration (method.md 5.1): by one worker, or in local-SGD rounds by several (method.md 7). */
import { patched } from '@temporalio/workflow';
import type { FitRewardInput, FitRewardResult } from '../contracts/training-activities.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { runRounds } from './run-rounds.ts';

export async function fitReward(start: FitRewardInput, desk: RunDesk): Promise<FitRewardResult> {
  const { config, steering, progress } = desk;
  // A run that an older version started has no section for it, or fits its reward by one worker.
  const several = (config.localSgd?.workers ?? 1) > 1 && patched('reward-fit-in-rounds');
  if (!several) progress.enter('fitting the reward', 1);
  return withLowerRates(async (attempt) => {
    const input = { ...start, ...attempt };
    const trained = several ? { rounds: await trainInRounds(input, desk) } : {};
    return steering.interruptible(() => activities.fitRewardNetwork({ ...input, ...trained }));
  });
}

/** Trains the network; gives the number of rounds that there were. @throws Stopped */
async function trainInRounds(start: FitRewardInput, desk: RunDesk): Promise<number> {
  const { localSgd, rewardFit } = desk.config;
  const task = {
    start: { ...start, training: 'reward-fit' } as const,
    workers: localSgd.workers,
    // One an epoch: its rules count epochs, and validate after each.
    rounds: rewardFit.epochs,
  };
  desk.progress.enter('fitting the reward', task.rounds, 'rounds');
  const { done } = await runRounds(task, `fit-reward-${start.iteration}`, desk);
  return done!;
}
