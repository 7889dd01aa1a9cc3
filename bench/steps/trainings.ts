/**
 * The four trainings as their activities set them up, on phantoms that lie where the activities have their videos: on
 * the shelf, triples packed as they are stored.
 */

import { trainingReward } from '../../activities/rewards/reward-networks.ts';
import { StoredTriples } from '../../activities/rewards/stored-triples.ts';
import { encodeTriples } from '../../activities/rewards/triple-file.ts';
import { labelledWindowsFrom, VideoShelf, windowsFrom } from '../../activities/videos/video-shelf.ts';
import { presets } from '../../contracts/presets.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { resampleGreyTo, resampleLabelsTo } from '../../imaging/resample.ts';
import { FineTune } from '../../method/ppo/fine-tune.ts';
import { Pretraining } from '../../method/pretraining/pretraining.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { RewardFit } from '../../method/rewards/reward-fit.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import { ShapeAutoencoder } from '../../method/rewards/shape-autoencoder/autoencoder.ts';
import { AutoencoderTraining } from '../../method/rewards/shape-autoencoder/autoencoder-training.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { type BenchSize, benchNetwork, gridOf } from '../shared/networks.ts';

export const trainingNames = ['pretraining', 'reward fit', 'shape autoencoder', 'fine-tuning'] as const;
export type TrainingName = (typeof trainingNames)[number];

/** A training that never ends by itself while it is timed. */
export interface TimedTraining {
  step(): void;
  dispose(): void;
}

/** Patients, and so videos. */
const VIDEOS = 4;
/** So slow that noise drives no network to where a guard takes steps back. */
const LEARNING_RATE = 1e-7;
const MANY = 1_000_000;

interface Prepared {
  readonly id: string;
  readonly image: GreyVideo;
  readonly labels: LabelVideo;
}

/** Phantoms on the grid that `bench unet` has for the size. */
function preparedVideos(size: BenchSize, spacingMm: number): Prepared[] {
  const [, rows, columns] = gridOf(size);
  const grid = { rows, columns, spacingMm: [spacingMm, spacingMm] as const };
  return Array.from({ length: VIDEOS }, (_, patient) => {
    const { id, image, labels } = generatePhantom({ domain: 'source', seed: 1, index: 2 * patient });
    return { id, image: resampleGreyTo(image, grid), labels: resampleLabelsTo(labels, grid) };
  });
}

function configOf(size: BenchSize): RunConfig {
  const config = RunConfigSchema.parse({ ...presets[size], seed: 1, source: 'source', target: 'target' });
  return {
    ...config,
    pretraining: { ...config.pretraining, learningRate: LEARNING_RATE, steps: MANY },
    autoencoder: { ...config.autoencoder, learningRate: LEARNING_RATE, steps: MANY },
    rewardFit: { ...config.rewardFit, learningRate: LEARNING_RATE, stepsPerEpoch: MANY },
    ppo: {
      ...config.ppo,
      policyLearningRate: LEARNING_RATE,
      criticLearningRate: LEARNING_RATE,
      criticWarmupWindows: 0,
      windowsPerEpoch: MANY,
    },
  };
}

export async function timedTraining(name: TrainingName, size: BenchSize): Promise<TimedTraining> {
  const config = configOf(size);
  const videos = preparedVideos(size, config.preprocessing.spacingMm);
  if (name === 'pretraining') return pretraining(config, videos, size);
  if (name === 'reward fit') return rewardFit(config, videos, size);
  if (name === 'shape autoencoder') return shapeAutoencoder(config, videos);
  return fineTuning(config, videos, size);
}

function stepping(
  training: { readonly done: boolean; step(): unknown; dispose(): void },
  others: readonly { dispose(): void }[],
): TimedTraining {
  return {
    step: () => void training.step(),
    dispose: () => {
      for (const one of [training, ...others]) one.dispose();
    },
  };
}

function pretraining(config: RunConfig, videos: readonly Prepared[], size: BenchSize): TimedTraining {
  const shelf = new VideoShelf();
  for (const { id, image, labels } of videos) shelf.put(id, image, labels);
  const policy = benchNetwork(size, {}, 0);
  const training = new Pretraining({
    policy,
    windows: labelledWindowsFrom(
      shelf,
      videos.map(({ id }) => id),
    ),
    config: config.pretraining,
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return stepping(training, [policy, shelf]);
}

/** A triple a video, right where its label is that of the row below. */
async function rewardFit(
  config: RunConfig,
  videos: readonly Prepared[],
  size: BenchSize,
): Promise<TimedTraining> {
  const triples = new StoredTriples({});
  for (const { id, image, labels } of videos) {
    const segmentation = labels.labels;
    const correct = segmentation.map((label, i) => (label === segmentation[i + labels.columns] ? 1 : 0));
    const bytes = encodeTriples({ outcome: 'kept', agreement: 1, ...labels }, [{ segmentation, correct }]);
    const reference = { key: id, sha256: '', bytes: bytes.length, mediaType: 'application/gzip' };
    await triples.add(id, { bytes, reference }, async () => image);
  }
  const network = benchNetwork(size, rewardNetworkConfig(config.network), 2);
  const { windowFrames } = config.training;
  const training = new RewardFit({
    network,
    triples,
    config: config.rewardFit,
    seed: config.seed,
    windowFrames,
  });
  return stepping(training, [network, triples]);
}

function shapeAutoencoder(config: RunConfig, videos: readonly Prepared[]): TimedTraining {
  const autoencoder = ShapeAutoencoder.initialise(
    config.autoencoder,
    randomStream(config.seed, 'autoencoder'),
  );
  const source = { count: videos.length, load: (index: number) => videos[index]!.labels };
  return stepping(new AutoencoderTraining({ autoencoder, source, seed: config.seed }), [autoencoder]);
}

function fineTuning(config: RunConfig, videos: readonly Prepared[], size: BenchSize): TimedTraining {
  const shelf = new VideoShelf();
  for (const { id, image } of videos) shelf.put(id, image);
  const [policy, reference] = [benchNetwork(size, {}, 0), benchNetwork(size, {}, 0)];
  const critic = benchNetwork(size, { outputChannels: 1, deepSupervision: true }, 1);
  const network = benchNetwork(size, rewardNetworkConfig(config.network), 2);
  const reward = new Reward([{ kind: 'anatomical-reward', network, temperature: 1 }]);
  const measures = videos.map(({ labels }) => landmarkFreeMeasures(labels));
  const training = new FineTune({
    policy,
    reference,
    critic,
    reward: trainingReward(reward, config),
    windows: windowsFrom(
      shelf,
      videos.map(({ id }) => id),
    ),
    surroundingsOf: ({ video, startFrame }) => ({ measures: measures[video]!, startFrame }),
    config: config.ppo,
    iteration: 1,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return stepping(training, [policy, reference, critic, reward, shelf]);
}
