/**
 * Ends a fine-tuning in local-SGD rounds (method.md 7): its best policy takes the place that plain fine-tuning fills.
 */
import type { ConcludeRoundsInput } from '../contracts/round-activities.ts';
import type { FineTuneResult } from '../contracts/training-activities.ts';
import { inParallel } from '../storage/in-parallel.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { type FineTuning, FineTuningSchema } from './fine-tuning/documents.ts';
import { RoundSchema } from './rounds/documents.ts';
import { readRounds } from './rounds/round-keys.ts';
import { findFinished } from './training/finished-training.ts';

export async function concludeRounds(
  input: ConcludeRoundsInput,
  context: ActivityContext,
): Promise<FineTuneResult> {
  const { run, iteration, best } = input;
  const document = { key: activityKeys.fineTuningCurve(run, iteration), schema: FineTuningSchema };
  const policyKey = runKeys.policy(run, iteration);
  const finished = await findFinished(context, document, { policy: policyKey });
  if (finished) {
    const { validationReward, steps } = finished.document;
    return { policy: finished.made.policy, curve: finished.curve, validationReward, steps };
  }

  const rounds = await roundsOf(input, context);
  const points = rounds.flatMap(({ value }) => value.points);
  const { validationReward } = best;
  const steps = points.length;
  const rollbacks = rounds.reduce((sum, { value }) => sum + value.rollbacks, 0);
  const policy = await writeBytes(context, policyKey, await context.cache.read(best.policy), [best.policy]);
  const known: FineTuning = { validationReward, steps, rollbacks, points };
  const curve = await writeJson(context, document.key, known, [
    policy,
    ...rounds.map(({ reference }) => reference),
  ]);
  return { policy, curve, validationReward, steps };
}

async function roundsOf({ curves, rounds, ...input }: ConcludeRoundsInput, context: ActivityContext) {
  if (rounds !== undefined) return readRounds(input, rounds, RoundSchema, context);
  return inParallel(
    curves,
    async (reference) => ({ reference, value: await readJson(context, reference, RoundSchema) }),
    {
      signal: context.signal,
      onProgress: (step, total) => context.heartbeat({ step, total }),
    },
  );
}
