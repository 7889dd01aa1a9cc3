/**
 * The networks of a fine-tuning and what it is made of, as plain training and the workers of a round (method.md 6, 7)
 * share it.
 */
import type { TrainLocallyInput } from '../../contracts/round-activities.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Keep } from '../../ground/disposables.ts';
import { randomStream } from '../../ground/random.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import type { FineTuneOptions } from '../../method/ppo/fine-tune.ts';
import type { Reward } from '../../method/rewards/reward.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { loadReward, rewardInputs, trainingReward } from '../rewards/reward-networks.ts';
import { withRates } from '../training/attempt.ts';
import { trainingVideos, type VideosOfTraining } from '../videos/usable-videos.ts';
import { groupMaterial, segmentedInSweep } from './group-material.ts';
import { sweptSurroundings } from './swept-surroundings.ts';

type Start = Pick<FineTuneInput, 'iteration' | 'critic'>;

export interface Learners {
  readonly policy: UNet3D;
  readonly reference: UNet3D;
  /** Of the published objective. */
  readonly critic: UNet3D | undefined;
  readonly reward: Reward;
}

/** The networks of a fine-tuning, kept to be freed. */
export async function loadLearners(
  start: FineTuneInput,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<Learners> {
  const published = facts.config.ppo.objective === 'published';
  return {
    policy: keep(await loadNetwork(context, start.policy, 'policy')),
    reference: keep(await loadNetwork(context, start.reference, 'policy')),
    critic: published ? keep(await criticOf(start, facts, context)) : undefined,
    reward: keep(await loadReward(context, start.reward)),
  };
}

/** The critic of the round before, or a new one; it keeps its deep-supervision heads (method.md 3). */
export async function criticOf(
  { critic, iteration }: Start,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<UNet3D> {
  if (critic) return loadNetwork(context, critic, 'critic');
  return UNet3D.initialise(
    { ...config.network, inputChannels: 1, outputChannels: 1, deepSupervision: true },
    randomStream(config.seed, 'critic', iteration),
  );
}

export interface FineTuneTask {
  readonly input: FineTuneInput;
  readonly facts: RunFacts;
  readonly learners: Learners;
  /** Of the target, to train on. */
  readonly videos: readonly string[];
  /** True where these are a worker's part of them. */
  readonly isShard?: boolean;
  /** That of the run, or of a part of it. */
  readonly ppo: FineTuneOptions['config'];
}

/** Makes the videos ready; gives a fine-tuning on them without validation. */
export async function fineTuneOptions(
  { input, facts, learners, videos, isShard, ppo }: FineTuneTask,
  context: ActivityContext,
): Promise<FineTuneOptions> {
  const { config } = facts;
  const { policy, reference, critic, reward } = learners;
  const toUse = {
    ...targetVideos(input, facts, await segmentedInSweep(videos, input, config, context)),
    ...{ labelled: false, isShard },
  };
  const { windows, ids } = await trainingVideos(toUse, context);
  return {
    policy,
    reference,
    critic,
    reward: trainingReward(reward, config),
    windows,
    group: await groupMaterial({ input, facts, windows, ids }, context),
    surroundingsOf: await sweptSurroundings(ids, input, config, context),
    config: withRates(ppo, ['policyLearningRate', 'criticLearningRate'], input.rateFactor),
    iteration: input.iteration,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  };
}

/** Videos of the target. */
export function targetVideos(
  { run }: Pick<FineTuneInput, 'run'>,
  { config }: RunFacts,
  videos: readonly string[],
): VideosOfTraining {
  return { run, dataset: config.target, config, videos };
}

/** What a fine-tuning is made from, for the records of what it makes. */
export function fineTuneInputs(input: FineTuneInput & Pick<TrainLocallyInput, 'before'>): ArtefactRef[] {
  return [
    input.config,
    input.plan,
    input.policy,
    input.reference,
    ...(input.critic ? [input.critic] : []),
    ...(input.before ? [input.before] : []),
    ...rewardInputs(input.reward),
  ];
}
