/**
 * The fit of the anatomical reward network in local-SGD rounds (method.md 7): a round is an epoch, whose windows are
 * dealt out to the workers, and which the merged network is validated after.
 */
import type { RewardFitMerge, RewardFitPart, RewardFitStart } from '../../contracts/round-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { RewardFit, type RewardFitOptions } from '../../method/rewards/reward-fit.ts';
import {
  initialProgress,
  type RewardFitProgress,
  trainedElsewhere,
} from '../../method/rewards/reward-fit-progress.ts';
import { shardOfWorker } from '../../method/scale-out/shard-of-worker.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { firstRewardNetwork } from '../rewards/reward-fitting.ts';
import { triplesOfRun } from '../rewards/stored-triples.ts';
import { withRates } from '../training/attempt.ts';
import { trainResumably } from '../training/train-resumably.ts';
import { type RewardFitRound, RewardFitRoundSchema } from './documents.ts';
import type { Merge, Merged } from './merge.ts';
import { readParts } from './round-curve.ts';
import { readRound, roundDocument, roundFolder } from './round-keys.ts';
import type { WorkerTraining } from './worker-training.ts';

/** The worker's share of the windows of an epoch. */
export async function rewardFitOfWorker(
  input: RewardFitPart,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<WorkerTraining> {
  const { worker } = input;
  const { workers } = facts.config.localSgd;
  const network = keep(await networkOfRound(input, facts, context));
  const ownWindows = (windows: readonly number[]) => shardOfWorker(windows, worker, workers);
  const options = { ...(await fitOptions(input, network, facts, context)), ownWindows };
  const training = keep(new RewardFit({ ...options, only: 'training' }));
  const before = await roundBefore(input, context);
  if (before) training.restore({ ...training.state(), progress: before.progress });
  const inputs = [
    input.config,
    input.plan,
    ...[input.network, input.before].filter((one) => one !== undefined),
  ];
  return { training, inputs, known: () => ({}) };
}

/** The network is averaged and validated; rate, best epoch and end of the fit follow, as in plain training. */
export function mergeOfRewardFit(
  input: RewardFitMerge,
  facts: RunFacts,
  context: ActivityContext,
): Merge<RewardFitRound> {
  const load = () => networkOfRound(input, facts, context);
  return {
    networks: [{ name: 'network', kind: 'anatomical-reward', load }],
    averageDecay: 0,
    inputs: input.network ? [input.network] : [],
    schema: RewardFitRoundSchema,
    told: ({ progress }) => ({ ended: progress.phase === 'calibration' }),
    judge: (merged, keep) => validate(merged, input, facts, context, keep),
  };
}

async function validate(
  { networks, stored, made }: Merged,
  input: RewardFitMerge,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<{ document: RewardFitRound; curve: ArtefactRef }> {
  const { config } = facts;
  const options = await fitOptions(input, networks.network!, facts, context);
  const training = keep(new RewardFit({ ...options, only: 'validation' }));
  const { points } = await readParts(input, context);
  const before = await roundBefore(input, context);
  const trained = trainedElsewhere(before?.progress ?? initialProgress(options.config), meanLoss(points));
  training.restore({ ...training.state(), progress: trained });
  const folder = `${roundFolder(input)}validation/`;
  const task = { activity: 'mergeRound', folder, cadence: config.training, inputs: made, training };
  const { curve: validated, conclude } = await trainResumably(task, context);
  const { progress } = training;
  const isBest = progress.bestEpoch === trained.epoch;
  const best = isBest || !before ? stored.network! : before.best;
  const document = { progress, best, points: [...points, ...validated] };
  const madeOf = isBest ? made : [...made, best];
  return { document, curve: await conclude(roundDocument(input), document, madeOf) };
}

async function fitOptions(
  { run, iteration, rateFactor }: RewardFitStart,
  network: UNet3D,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<RewardFitOptions> {
  const triples = await triplesOfRun({ run, throughIteration: iteration, config, plan }, context);
  return {
    network,
    triples,
    config: withRates(config.rewardFit, ['learningRate'], rateFactor),
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  };
}

async function networkOfRound(
  { network, iteration }: RewardFitStart,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<UNet3D> {
  return network ? loadNetwork(context, network, 'anatomical-reward') : firstRewardNetwork(config, iteration);
}

/** Nothing in the first round. */
async function roundBefore(
  input: RewardFitStart & { readonly round: number },
  context: ActivityContext,
): Promise<{ readonly progress: RewardFitProgress; readonly best: ArtefactRef } | undefined> {
  if (input.round === 1) return undefined;
  return (await readRound({ ...input, round: input.round - 1 }, RewardFitRoundSchema, context)).value;
}

/** Of windows of any number of workers; points are means over those that took the step. */
function meanLoss(points: readonly Readonly<Record<string, number>>[]): number {
  return points.reduce((sum, { loss = 0 }) => sum + loss, 0) / points.length;
}
