/** Fine-tunes the policy against the reward with PPO (method.md 6) on the videos of this iteration's sweep. */
import { policySettings } from '../contracts/policy-settings.ts';
import type { FineTuneInput, FineTuneResult } from '../contracts/training-activities.ts';
import { withDisposables } from '../ground/disposables.ts';
import { runKeys } from '../storage/keys.ts';
import { storeNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { type FineTuning, FineTuningSchema } from './fine-tuning/documents.ts';
import { fineTuneInputs } from './fine-tuning/learners.ts';
import { openFineTuning } from './fine-tuning/open-fine-tuning.ts';
import { attemptFolder } from './training/attempt.ts';
import { findFinished } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';

export async function fineTunePolicy(
  input: FineTuneInput,
  context: ActivityContext,
): Promise<FineTuneResult> {
  const { run, iteration, rateFactor } = input;
  const document = { key: activityKeys.fineTuningCurve(run, iteration), schema: FineTuningSchema };
  const policyKey = runKeys.policy(run, iteration);
  const finished = await findFinished(context, document, { policy: policyKey });
  if (finished) {
    const { validationReward, steps } = finished.document;
    return { policy: finished.made.policy, curve: finished.curve, validationReward, steps };
  }

  const facts = await readRun(input, context);
  const { config } = facts;
  return withDisposables(async (keep) => {
    const { training, policy } = await openFineTuning(input, facts, context, keep);
    const inputs = fineTuneInputs(input);
    const folder = attemptFolder(activityKeys.policyTraining(run, iteration), rateFactor);
    const task = { activity: 'fineTunePolicy', folder, cadence: config.training, inputs, training };
    const { steps, curve: points, conclude } = await trainResumably(task, context);
    policy.assign(training.bestPolicy());
    const network = { network: policy, kind: 'policy', settings: policySettings(config) } as const;
    const stored = await storeNetwork(context, policyKey, network, inputs);
    const { best, rollbacks } = training.progress;
    // Without validation videos the reward of the last window is the best that is known.
    const validationReward = best?.validationReward ?? points.at(-1)?.reward ?? 0;
    const known: FineTuning = { validationReward, steps, rollbacks, points };
    const curve = await conclude(document.key, known, [stored]);
    return { policy: stored, curve, validationReward, steps };
  });
}
