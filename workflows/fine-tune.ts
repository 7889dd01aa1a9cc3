/** Fine-tuning of one iteration (method.md 6): by one worker, or in local-SGD rounds by several (method.md 7). */
import { patched } from '@temporalio/workflow';
import type { FineTuneInput, FineTuneResult, RatedPolicy } from '../contracts/activities.ts';
import type { RoundsTask } from '../contracts/stages.ts';
import { planRounds } from '../decisions/local-sgd-rounds.ts';
import { inChild } from './child-stage.ts';
import { goThroughRounds, localSgdRounds } from './local-sgd-rounds.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { Stopped } from './steering.ts';

const noRounds = { done: 0, locals: [] } as const;

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
  const { workers } = desk.config.localSgd;
  const task: RoundsTask = { start, workers, ...planRounds(desk.config, videos) };
  const { rounds } = task;
  desk.progress.enter('fine-tuning', rounds, 'rounds');
  const best = await bestOfRounds(task, desk);
  const { run, config, plan, iteration, rateFactor } = start;
  const refs = { run, config, plan, ...(rateFactor !== undefined && { rateFactor }) };
  return activities.concludeRounds({ ...refs, iteration, best, curves: [], rounds });
}

/** @throws Stopped */
async function bestOfRounds(task: RoundsTask, { steering, progress }: RunDesk): Promise<RatedPolicy> {
  // A run that an older version started goes through these rounds in its own history.
  if (!patched('rounds-in-children')) {
    const { merged } = await goThroughRounds(task, noRounds, steering, progress.reach);
    return merged!.best;
  }
  const { run, iteration, rateFactor } = task.start;
  const stage = {
    workflow: localSgdRounds,
    name: `fine-tune-${iteration}${rateFactor === undefined ? '' : `-rate-${rateFactor}`}`,
    summary: `${task.rounds} rounds of ${task.workers} workers for ${run}, iteration ${iteration}`,
    input: { task, soFar: noRounds },
  };
  const { best } = await inChild(run, stage, steering, progress.reach);
  if (!best) throw new Stopped();
  return best;
}
