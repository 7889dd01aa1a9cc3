/** Fine-tuning of one iteration (method.md 6): by one worker, or in local-SGD rounds by several (method.md 7). */
import { patched } from '@temporalio/workflow';
import type {
  FineTuneInput,
  FineTuneResult,
  MergeRoundResult,
  TrainLocallyResult,
} from '../contracts/activities.ts';
import { planRounds } from '../decisions/local-sgd-rounds.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { sideBySide } from './side-by-side.ts';

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

async function inRounds(
  start: FineTuneInput,
  videos: number,
  { config, steering, progress }: RunDesk,
): Promise<FineTuneResult> {
  const { workers } = config.localSgd;
  const { rounds, steps } = planRounds(config, videos);
  const { run, config: configRef, plan, iteration, rateFactor } = start;
  progress.enter('fine-tuning', rounds, 'rounds');
  let merged: MergeRoundResult | undefined;
  let before: readonly TrainLocallyResult[] = [];
  const curves = [];
  for (let round = 1; round <= rounds; round++) {
    const from = {
      ...start,
      ...(merged && { policy: merged.policy }),
      ...(merged?.critic && { critic: merged.critic }),
      round,
    };
    const locals: TrainLocallyResult[] = [];
    await sideBySide({ from: 0, to: workers, concurrency: () => workers }, async (worker) => {
      const own = before[worker];
      const input = { ...from, worker, steps, ...(own && { before: own.local }) };
      locals[worker] = await steering.interruptible(() => activities.trainLocally(input));
    });
    const outer = merged && { momentum: merged.momentum, best: merged.best };
    const input = { ...from, start: start.policy, locals, ...outer };
    merged = await steering.interruptible(() => activities.mergeRound(input));
    curves.push(merged.curve);
    before = locals;
    progress.advance();
  }
  const { best } = merged!;
  const refs = { run, config: configRef, plan, ...(rateFactor !== undefined && { rateFactor }) };
  return activities.concludeRounds({ ...refs, iteration, best, curves });
}
