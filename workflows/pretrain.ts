/** Pretraining (method.md 1, step 0): by one worker, or in local-SGD rounds by several (method.md 7). */
import { patched } from '@temporalio/workflow';
import type { PretrainInput, PretrainResult, TrainingInput } from '../contracts/training-activities.ts';
import { planRounds } from '../decisions/local-sgd-rounds.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { runRounds } from './run-rounds.ts';

export async function pretrain(start: TrainingInput, desk: RunDesk): Promise<PretrainResult> {
  const { config, steering } = desk;
  // A run that an older version started has no section for it, or pretrains by one worker; no steps make no round.
  const share = (config.localSgd?.workers ?? 1) > 1 && config.pretraining.steps > 0;
  const several = share && patched('pretraining-in-rounds');
  return withLowerRates(async (attempt) => {
    const input = { ...start, ...attempt };
    const trained = several ? { trained: await trainInRounds(input, desk) } : {};
    return steering.interruptible(() => activities.pretrainPolicy({ ...input, ...trained }));
  });
}

/** @throws Stopped */
async function trainInRounds(
  start: TrainingInput,
  desk: RunDesk,
): Promise<NonNullable<PretrainInput['trained']>> {
  const { localSgd, pretraining } = desk.config;
  const task = {
    start: { ...start, training: 'pretraining' } as const,
    workers: localSgd.workers,
    ...planRounds(localSgd, pretraining.steps),
  };
  // Of the trainings that a run begins with the first one: it is shown until it ends.
  desk.progress.enter('pretraining', task.rounds, 'rounds');
  const { merged } = await runRounds(task, 'pretrain', desk);
  return { policy: (merged!.average ?? merged!.policy)!, rounds: task.rounds };
}
