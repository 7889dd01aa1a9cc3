/**
 * Ends a fine-tuning in local-SGD rounds (method.md 7): its best policy takes the place that plain fine-tuning fills.
 */
import type { ConcludeRoundsInput, FineTuneResult } from '../contracts/activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { inParallel } from '../storage/in-parallel.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { type FineTuning, FineTuningSchema, RoundSchema } from './fine-tuning/documents.ts';
import { roundDocument } from './training/attempt.ts';
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

  const curves = await curvesOf(input, context);
  const rounds = await inParallel(curves, (curve) => readJson(context, curve, RoundSchema), {
    signal: context.signal,
    onProgress: (step, total) => context.heartbeat({ step, total }),
  });
  const points = rounds.flatMap((round) => round.points);
  const { validationReward } = best;
  const steps = points.length;
  const rollbacks = rounds.reduce((sum, round) => sum + round.rollbacks, 0);
  const policy = await writeBytes(context, policyKey, await context.cache.read(best.policy), [best.policy]);
  const known: FineTuning = { validationReward, steps, rollbacks, points };
  const curve = await writeJson(context, document.key, known, [policy, ...curves]);
  return { policy, curve, validationReward, steps };
}

/** By the numbers of the rounds: there may be more of them than a workflow should hand over. */
async function curvesOf(
  { curves, rounds, ...input }: ConcludeRoundsInput,
  { store }: ActivityContext,
): Promise<readonly ArtefactRef[]> {
  if (rounds === undefined) return curves;
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return inParallel(numbers, async (round) => {
    const key = roundDocument({ ...input, round });
    const found = await findArtefact(store, key);
    if (found) return found;
    throw new DomainError('ArtefactMissing', `The round ${key} was deleted from outside; start a new run.`, {
      key,
    });
  });
}
