/** Ends a fine-tuning in local-SGD rounds (method.md 7): its best policy and last critic take the places that plain fine-tuning fills. */
import type { z } from 'zod';
import type { ConcludeRoundsInput, FineTuneResult } from '../contracts/activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { findArtefact, writeArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, readJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { FineTuningSchema, RoundSchema } from './fine-tuning/documents.ts';

export async function concludeRounds(
  input: ConcludeRoundsInput,
  context: ActivityContext,
): Promise<FineTuneResult> {
  const { run, iteration, best, critic, curves } = input;
  const policyKey = runKeys.policy(run, iteration);
  const criticKey = activityKeys.critic(run, iteration);
  const curveKey = activityKeys.fineTuningCurve(run, iteration);
  const present = await findJson(context, curveKey, FineTuningSchema);
  const placed = present && {
    policy: await findArtefact(context.store, policyKey),
    critic: await findArtefact(context.store, criticKey),
  };
  if (placed?.policy && placed.critic) {
    const { validationReward, steps } = present!.value;
    return {
      policy: placed.policy,
      critic: placed.critic,
      curve: present!.reference,
      validationReward,
      steps,
    };
  }

  const rounds = await Promise.all(curves.map((curve) => readJson(context, curve, RoundSchema)));
  const points = rounds.flatMap((round) => round.points);
  const document: z.infer<typeof FineTuningSchema> = {
    validationReward: best.validationReward,
    steps: points.length,
    rollbacks: rounds.reduce((sum, { rollbacks }) => sum + rollbacks, 0),
    points,
  };
  const policy = await copy(best.policy, policyKey, context);
  const storedCritic = await copy(critic, criticKey, context);
  const curve = await writeJson(context, curveKey, document, [policy, storedCritic, ...curves]);
  const { validationReward, steps } = document;
  return { policy, critic: storedCritic, curve, validationReward, steps };
}

async function copy(from: ArtefactRef, key: string, context: ActivityContext): Promise<ArtefactRef> {
  return writeArtefact(context.store, key, await context.cache.read(from), {
    inputs: [from],
    codeVersion: context.codeVersion,
    mediaType: 'application/octet-stream',
  });
}
