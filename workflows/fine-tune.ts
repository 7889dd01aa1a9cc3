/** Fine-tuning of one iteration (method.md 6): by one worker, or in local-SGD rounds by several (method.md 7). */
import { patched } from '@temporalio/workflow';
import type { RoundsTask } from '../contracts/stages.ts';
import type { FineTuneInput, FineTuneResult, RatedPolicy } from '../contracts/training-activities.ts';
import { planFineTuningRounds, planRounds, stepsOfFineTuning } from '../decisions/local-sgd-rounds.ts';
import { goThroughRounds } from './local-sgd-rounds.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { noRounds, runRounds } from './run-rounds.ts';

/** @param videos of the iteration's sweep */
export async function fineTune(start: FineTuneInput, videos: number, desk: RunDesk): Promise<FineTuneResult> {
  const { config, steering, progress } = desk;
  // A run that an older version started has no section for it, and was under way with one worker.
  const several = (config.localSgd?.workers ?? 1) > 1 && patched('local-sgd-rounds');
  if (several) return withLowerRates((attempt) => inRounds({ ...start, ...attempt }, videos, desk));
  progress.enter('fine-tuning', 1);
  return withLowerRates((attempt) =>
    steering.interruptible(() => activities.fineTunePolicy({ ...start, ...attempt })),
  );
}

async function inRounds(start: FineTuneInput, videos: number, desk: RunDesk): Promise<FineTuneResult> {
  const { localSgd, ppo } = desk.config;
  const task: RoundsTask = {
    start: { ...start, training: 'fine-tuning' },
    workers: localSgd.workers,
    // A run that an older version started goes on with the rounds that it began with.
    ...(patched('rounds-within-epochs')
      ? planFineTuningRounds({ ppo, localSgd }, videos)
      : planRounds(localSgd, stepsOfFineTuning(ppo, videos))),
  };
  const { rounds } = task;
  desk.progress.enter('fine-tuning', rounds, 'rounds');
  const best = await bestOfRounds(task, start.iteration, desk);
  const { run, config, plan, iteration, rateFactor } = start;
  const refs = { run, config, plan, ...(rateFactor !== undefined && { rateFactor }) };
  return activities.concludeRounds({ ...refs, iteration, best, curves: [], rounds });
}

/** @throws Stopped */
async function bestOfRounds(task: RoundsTask, iteration: number, desk: RunDesk): Promise<RatedPolicy> {
  // A run that an older version started goes through these rounds in its own history.
  if (!patched('rounds-in-children')) {
    const { merged } = await goThroughRounds(task, noRounds, desk.steering, desk.progress.reach);
    return merged!.best!;
  }
  return (await runRounds(task, `fine-tune-${iteration}`, desk)).best!;
}
