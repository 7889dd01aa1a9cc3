/** Fine-tuning by one worker and in rounds: the mean reward on the validation videos. */
import { readJson } from '../../activities/artefacts/json-artefact.ts';
import { readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { fineTunePolicy } from '../../activities/fine-tune-policy.ts';
import { FineTuningSchema } from '../../activities/fine-tuning/documents.ts';
import { RoundSchema } from '../../activities/rounds/documents.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import { planFineTuningRounds } from '../../decisions/local-sgd-rounds.ts';
import { sweepOf } from '../../decisions/plan.ts';
import { type LocalSgdRow, timed, timedRounds } from './timed-rounds.ts';

/** A row for every epoch. */
export async function fineTunedByOne(
  start: FineTuneInput,
  context: ActivityContext,
): Promise<readonly LocalSgdRow[]> {
  const { result, seconds } = await timed(() => fineTunePolicy(start, context));
  const { points } = await readJson(context, result.curve, FineTuningSchema);
  return points.flatMap(({ step, validationReward }) => {
    if (validationReward === undefined) return [];
    const row = { training: 'fine-tuning', workers: 1, step: step!, validation: validationReward } as const;
    return { ...row, windowsPerSecond: result.steps / seconds };
  });
}

/** A row for every round. */
export async function fineTunedInRounds(
  start: FineTuneInput,
  context: ActivityContext,
): Promise<readonly LocalSgdRow[]> {
  const { config, plan } = await readRun(start, context);
  const { workers } = config.localSgd;
  const planned = planFineTuningRounds(config, sweepOf(plan, start.iteration).length);
  const task = { start: { ...start, training: 'fine-tuning' } as const, workers, ...planned };
  const { rounds, windows, seconds } = await timedRounds(task, context);
  const rows: LocalSgdRow[] = [];
  for (const [index, { merged }] of rounds.entries()) {
    const { points } = await readJson(context, merged.curve, RoundSchema);
    rows.push({
      ...({ training: 'fine-tuning', workers } as const),
      step: (index + 1) * planned.steps,
      validation: points.at(-1)?.validationReward ?? Number.NaN,
      windowsPerSecond: windows / seconds,
    });
  }
  return rows;
}
