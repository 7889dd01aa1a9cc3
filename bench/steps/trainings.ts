/**
 * The trainings as their activities set them up, on phantoms that lie where the activities have their videos and
 * triples: in chunks in a store, here one in memory, with the cache of the machine before it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityKeys } from '../../activities/artefacts/run-keys.ts';
import { type ActivityContext, contextOf } from '../../activities/context.ts';
import { trainingReward } from '../../activities/rewards/reward-networks.ts';
import { StoredTriples } from '../../activities/rewards/stored-triples.ts';
import { storeTriples } from '../../activities/rewards/triple-artefacts.ts';
import { encodeTriples } from '../../activities/rewards/triple-chunks.ts';
import type { PreparedFrames } from '../../activities/videos/mended-frames.ts';
import { preparedLabels, preparedVideo } from '../../activities/videos/prepared-frames.ts';
import { TrainingVideos } from '../../activities/videos/training-videos.ts';
import { presets } from '../../contracts/presets.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { resampleGreyTo, resampleLabelsTo } from '../../imaging/resample.ts';
import { FineTune, type FineTuneOptions } from '../../method/ppo/fine-tune.ts';
import { Pretraining } from '../../method/pretraining/pretraining.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { RewardFit } from '../../method/rewards/reward-fit.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import { ShapeAutoencoder } from '../../method/rewards/shape-autoencoder/autoencoder.ts';
import { AutoencoderTraining } from '../../method/rewards/shape-autoencoder/autoencoder-training.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { type BenchSize, benchNetwork, gridOf } from '../shared/networks.ts';

export const trainingNames = [
  'pretraining',
  'reward fit',
  'shape autoencoder',
  'fine-tuning',
  'group fine-tuning',
] as const;
export type TrainingName = (typeof trainingNames)[number];

/** A training that never ends by itself while it is timed. */
export interface TimedTraining {
  /** As the loop of every training takes one. */
  step(): Promise<void>;
  dispose(): Promise<void>;
}

/** Patients, and so videos. */
const VIDEOS = 4;
/** So slow that noise drives no network to where a guard takes steps back. */
const LEARNING_RATE = 1e-7;
const MANY = 1_000_000;
const DATASET = 'phantoms';
const CACHE_BYTES = 1e9;

const names = { seed: 1, source: 'source', target: 'target' };
const endless = {
  policyLearningRate: LEARNING_RATE,
  criticLearningRate: LEARNING_RATE,
  criticWarmupWindows: 0,
  windowsPerEpoch: MANY,
};

interface Prepared {
  readonly id: string;
  readonly image: PreparedFrames;
  readonly labels: PreparedFrames;
  readonly whole: LabelVideo;
}

interface Given {
  readonly size: BenchSize;
  readonly config: RunConfig;
  readonly videos: readonly Prepared[];
  readonly context: ActivityContext;
}

interface SetUp {
  readonly training: {
    ready?(): Promise<void>;
    step(): unknown;
    dispose(): void;
  };
  /** What it uses, to be freed after it. */
  readonly uses: readonly { dispose(): void }[];
}

const setUps: Readonly<Record<TrainingName, (given: Given) => SetUp | Promise<SetUp>>> = {
  pretraining,
  'reward fit': rewardFit,
  'shape autoencoder': shapeAutoencoder,
  'fine-tuning': fineTuning,
  'group fine-tuning': groupFineTuning,
};

export async function timedTraining(name: TrainingName, size: BenchSize): Promise<TimedTraining> {
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-bench-'));
  const store = new MemoryStore();
  const services = {
    store,
    cache: new LocalCache(store, folder, CACHE_BYTES),
    codeVersion: 'bench',
    log: { info: () => undefined, warn: () => undefined },
  };
  const context = contextOf(services, new AbortController().signal, () => undefined);
  const config = configOf(size);
  const videos = await preparedVideos(size, config, context);
  const { training, uses } = await setUps[name]({ size, config, videos, context });
  return {
    step: async () => {
      await training.ready?.();
      training.step();
    },
    dispose: async () => {
      for (const one of [training, ...uses]) one.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Phantoms on the grid that `bench unet` has for the size. */
async function preparedVideos(
  size: BenchSize,
  { preprocessing }: RunConfig,
  context: ActivityContext,
): Promise<Prepared[]> {
  const [, rows, columns] = gridOf(size);
  const { spacingMm } = preprocessing;
  const grid = { rows, columns, spacingMm: [spacingMm, spacingMm] as const };
  const put = (key: string, bytes: Uint8Array) =>
    writeArtefact(context.store, key, bytes, {
      inputs: [],
      codeVersion: 'bench',
      mediaType: 'application/gzip',
    });
  const videos: Prepared[] = [];
  for (let patient = 0; patient < VIDEOS; patient++) {
    const { id, image, labels } = generatePhantom({ domain: 'source', seed: 1, index: 2 * patient });
    const whole = resampleLabelsTo(labels, grid);
    await put(datasetKeys.video(DATASET, id), writeGreyNifti(resampleGreyTo(image, grid)));
    await put(datasetKeys.labels(DATASET, id), writeLabelNifti(whole));
    const [prepared, known] = [
      await preparedVideo(context, DATASET, id, preprocessing),
      await preparedLabels(context, DATASET, id, preprocessing),
    ];
    videos.push({ id, image: prepared, labels: known, whole });
  }
  return videos;
}

function configOf(size: BenchSize): RunConfig {
  const config = RunConfigSchema.parse({ ...presets[size], ...names });
  return {
    ...config,
    pretraining: { ...config.pretraining, learningRate: LEARNING_RATE, steps: MANY },
    autoencoder: { ...config.autoencoder, learningRate: LEARNING_RATE, steps: MANY },
    rewardFit: { ...config.rewardFit, learningRate: LEARNING_RATE, stepsPerEpoch: MANY },
    ppo: { ...config.ppo, ...endless },
  };
}

function pretraining({ size, config, videos }: Given): SetUp {
  const policy = benchNetwork(size, {}, 0);
  const training = new Pretraining({
    policy,
    windows: new TrainingVideos(videos),
    config: config.pretraining,
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return { training, uses: [policy] };
}

/** A triple a video, right where its label is that of the row below. */
async function rewardFit({ size, config, videos, context }: Given): Promise<SetUp> {
  const stored = [];
  for (const { id, image, whole } of videos) {
    const segmentation = whole.labels;
    const correct = segmentation.map((label, i) => (label === segmentation[i + whole.columns] ? 1 : 0));
    const content = encodeTriples({ outcome: 'kept', agreement: 1, ...whole }, [{ segmentation, correct }]);
    const { key } = activityKeys.triples('bench', 1, id);
    stored.push({ id, image, triples: await storeTriples(context, key, content, []) });
  }
  const network = benchNetwork(size, rewardNetworkConfig(config.network), 2);
  const training = new RewardFit({
    network,
    triples: new StoredTriples(stored, {}, async (_, work) => ({ value: await work() })),
    config: config.rewardFit,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return { training, uses: [network] };
}

function shapeAutoencoder({ config, videos }: Given): SetUp {
  const autoencoder = ShapeAutoencoder.initialise(
    config.autoencoder,
    randomStream(config.seed, 'autoencoder'),
  );
  const source = { count: videos.length, load: (index: number) => videos[index]!.whole };
  const training = new AutoencoderTraining({ autoencoder, source, seed: config.seed });
  return { training, uses: [autoencoder] };
}

/** The published objective. */
function fineTuning(given: Given): SetUp {
  const { size, config } = given;
  const critic = benchNetwork(size, { outputChannels: 1, deepSupervision: true }, 1);
  const ppo: RunConfig['ppo'] = { ...config.ppo, objective: 'published' };
  const { training, uses } = fineTuningBy({ ...given, config: { ...config, ppo } }, { critic });
  return { training, uses: [...uses, critic] };
}

/** The group-relative objective as the preset `real` has it, with the annotations as what the sweep segmented. */
function groupFineTuning(given: Given): SetUp {
  const { config, videos } = given;
  const { ppo: group, augmentation } = RunConfigSchema.parse({ ...names, ...presets.real });
  const ppo: RunConfig['ppo'] = { ...group, ...endless };
  const annotated = new TrainingVideos(videos);
  const { spacingMm } = config.preprocessing;
  const material = { swept: annotated, source: annotated, augmentation, spacingMm };
  return fineTuningBy({ ...given, config: { ...config, ppo } }, { group: material });
}

function fineTuningBy(
  { size, config, videos }: Given,
  learns: Pick<FineTuneOptions, 'critic' | 'group'>,
): SetUp {
  const [policy, reference] = [benchNetwork(size, {}, 0), benchNetwork(size, {}, 0)];
  const network = benchNetwork(size, rewardNetworkConfig(config.network), 2);
  const reward = new Reward([{ kind: 'anatomical-reward', network, temperature: 1 }]);
  const measures = videos.map(({ whole }) => landmarkFreeMeasures(whole));
  const training = new FineTune({
    ...learns,
    policy,
    reference,
    reward: trainingReward(reward, config),
    windows: new TrainingVideos(videos.map(({ image }) => ({ image }))),
    surroundingsOf: ({ video, startFrame }) => ({ measures: measures[video]!, startFrame }),
    config: config.ppo,
    iteration: 1,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return { training, uses: [policy, reference, reward] };
}
