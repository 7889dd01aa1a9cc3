/** Trains policy 0 on the annotated source (method.md 1, step 0), or takes over what several workers trained. */
import { policySettings } from '../contracts/policy-settings.ts';
import type { PretrainInput, PretrainResult } from '../contracts/training-activities.ts';
import { withDisposables } from '../ground/disposables.ts';
import { Pretraining } from '../method/pretraining/pretraining.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { storeNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { firstPolicy, pretrainingOptions } from './pretraining/pretraining-material.ts';
import { PretrainingRoundSchema } from './rounds/documents.ts';
import { readRounds } from './rounds/round-keys.ts';
import { attemptFolder } from './training/attempt.ts';
import { findFinished, LabelledTrainingSchema } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';

export async function pretrainPolicy(
  input: PretrainInput,
  context: ActivityContext,
): Promise<PretrainResult> {
  const { run, trained } = input;
  const keys = { policy: runKeys.policy(run, 0), curve: activityKeys.pretrainingCurve(run) };
  const document = { key: keys.curve, schema: LabelledTrainingSchema };
  const finished = await findFinished(context, document, { policy: keys.policy });
  if (finished) {
    const { steps, quarantined } = finished.document;
    return { policy: finished.made.policy, curve: finished.curve, steps, quarantined };
  }
  return trained ? takeOver(input, trained, keys, context) : train(input, keys, context);
}

interface Keys {
  readonly policy: string;
  readonly curve: string;
}

async function train(input: PretrainInput, keys: Keys, context: ActivityContext): Promise<PretrainResult> {
  const { config, plan } = await readRun(input, context);
  return withDisposables(async (keep) => {
    const policy = keep(firstPolicy(config));
    const { options, quarantined } = await pretrainingOptions(
      { input, config, policy, videos: plan.source.train, pretraining: config.pretraining },
      context,
    );
    const training = keep(new Pretraining(options));
    const inputs = [input.config, input.plan];
    const folder = attemptFolder(runKeys.pretraining(input.run), input.rateFactor);
    const task = { activity: 'pretrainPolicy', folder, cadence: config.training, inputs, training };
    const { steps, curve: points, conclude } = await trainResumably(task, context);
    const network = { network: policy, kind: 'policy', settings: policySettings(config) } as const;
    const stored = await storeNetwork(context, keys.policy, network, inputs);
    const curve = await conclude(keys.curve, { steps, quarantined, points }, [stored]);
    return { policy: stored, curve, steps, quarantined };
  });
}

/** What the last of the rounds left takes the place that plain training fills (method.md 7). */
async function takeOver(
  { run, rateFactor }: PretrainInput,
  { policy, rounds }: NonNullable<PretrainInput['trained']>,
  keys: Keys,
  context: ActivityContext,
): Promise<PretrainResult> {
  const of = { training: 'pretraining', run, ...(rateFactor !== undefined && { rateFactor }) } as const;
  const documents = await readRounds(of, rounds, PretrainingRoundSchema, context);
  const points = documents.flatMap(({ value }) => value.points);
  const { quarantined } = documents.at(-1)!.value;
  const known = { steps: points.length, quarantined, points };
  const stored = await writeBytes(context, keys.policy, await context.cache.read(policy), [policy]);
  const madeOf = [stored, ...documents.map(({ reference }) => reference)];
  const curve = await writeJson(context, keys.curve, known, madeOf);
  return { policy: stored, curve, steps: known.steps, quarantined };
}
