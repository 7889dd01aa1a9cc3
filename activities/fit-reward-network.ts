/** Fits the anatomical reward network on all triples so far, and its temperature (method.md 5.1, 5.3). */
import type { FitRewardInput, FitRewardResult } from '../contracts/training-activities.ts';
import { runKeys } from '../storage/keys.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import {
  findFit,
  firstRewardNetwork,
  fitNetwork,
  type StoredFit,
  type TrainedInRounds,
} from './rewards/reward-fitting.ts';
import { triplesOfRun } from './rewards/stored-triples.ts';
import { RewardFitRoundSchema } from './rounds/documents.ts';
import { readRounds } from './rounds/round-keys.ts';

export async function fitRewardNetwork(
  input: FitRewardInput,
  context: ActivityContext,
): Promise<FitRewardResult> {
  const { run, iteration } = input;
  const keys = {
    network: runKeys.anatomicalReward(run, iteration),
    fit: activityKeys.rewardFit(run, iteration),
    training: activityKeys.rewardTraining(run, iteration),
  };
  const present = await findFit(context, keys);
  if (present) return resultOf(present);
  const { config, plan } = await readRun(input, context);
  const triples = await triplesOfRun({ run, throughIteration: iteration, config, plan }, context);
  const stored = await fitNetwork(
    {
      activity: 'fitRewardNetwork',
      kind: 'anatomical-reward',
      keys,
      triples,
      fit: config.rewardFit,
      config,
      first: () => firstRewardNetwork(config, iteration),
      inputs: [input.config, input.plan],
      rateFactor: input.rateFactor,
      trained: await trainedInRounds(input, context),
    },
    context,
  );
  return resultOf(stored);
}

async function trainedInRounds(
  { rounds, ...input }: FitRewardInput,
  context: ActivityContext,
): Promise<TrainedInRounds | undefined> {
  if (rounds === undefined) return undefined;
  const documents = await readRounds(
    { ...input, training: 'reward-fit' },
    rounds,
    RewardFitRoundSchema,
    context,
  );
  const { progress, best } = documents.at(-1)!.value;
  return { network: best, progress, points: documents.flatMap(({ value }) => value.points) };
}

function resultOf({ network, curve, fitted }: StoredFit): FitRewardResult {
  const { temperature, validationLoss, triples, steps } = fitted;
  return { reward: { network, temperature }, curve, steps, triples, validationLoss };
}
