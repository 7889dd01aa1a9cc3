/** Fits the landmark reward network on degraded predictions of the annotated source, once in a run (method.md 5.2). */
import { z } from 'zod';
import type { FitLandmarkInput, FitLandmarkResult } from '../contracts/training-activities.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream } from '../ground/random.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { landmarkTriples } from './rewards/landmark-triples.ts';
import { findFit, fitNetwork, newRewardNetwork, type StoredFit } from './rewards/reward-fitting.ts';

/** What is known of the examples. */
const ExamplesSchema = z.strictObject({ quarantined: z.int().min(0), triples: z.int().min(0) });

/** @throws DomainError DatasetInvalid when no source video gives an example. */
export async function fitLandmarkReward(
  input: FitLandmarkInput,
  context: ActivityContext,
): Promise<FitLandmarkResult> {
  const { run } = input;
  const keys = {
    network: activityKeys.landmarkWeights(run),
    fit: activityKeys.landmarkFit(run),
    training: runKeys.landmarkReward(run),
  };
  const examplesKey = activityKeys.landmarkExamples(run);
  const present = await findFit(context, keys);
  const known = present && (await findJson(context, examplesKey, ExamplesSchema));
  if (present && known) return resultOf(present, known.value.quarantined);

  const facts = await readRun(input, context);
  const { config } = facts;
  const { triples, quarantined } = await landmarkTriples(input, facts, context);
  if (triples.count === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `No video of "${config.source}" gives an example for the landmark reward: every prediction was empty, or every annotation has a frame without the corners of the left ventricle's base. Check the annotations, or disable it (landmark.enabled).`,
    );
  }
  const inputs = [input.config, input.plan, input.policy];
  await writeJson(context, examplesKey, { quarantined, triples: triples.count }, inputs);
  const stored = await fitNetwork(
    {
      activity: 'fitLandmarkReward',
      kind: 'landmark-reward',
      keys,
      triples,
      fit: config.landmark.fit,
      config,
      first: () => newRewardNetwork(config, randomStream(config.seed, 'landmark-network')),
      inputs,
      rateFactor: input.rateFactor,
    },
    context,
  );
  return resultOf(stored, quarantined);
}

function resultOf({ network, curve, fitted }: StoredFit, quarantined: number): FitLandmarkResult {
  const { steps, triples, validationLoss } = fitted;
  return { landmark: network, curve, steps, triples, validationLoss, quarantined };
}
