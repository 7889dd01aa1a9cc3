/** What a pretraining is made of, as plain training and the workers of a round (method.md 1, 7) share it. */
import type { RunConfig } from '../../contracts/run-config.ts';
import type { TrainingInput } from '../../contracts/training-activities.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import type { PretrainingOptions } from '../../method/pretraining/pretraining.ts';
import type { ActivityContext } from '../context.ts';
import { withRates } from '../training/attempt.ts';
import { trainingVideos } from '../videos/usable-videos.ts';

/** The policy before any training. */
export function firstPolicy({ network, seed }: RunConfig): UNet3D {
  const shape = { ...network, inputChannels: 1, outputChannels: CLASS_COUNT, deepSupervision: false };
  return UNet3D.initialise(shape, randomStream(seed, 'policy'));
}

export interface PretrainingTask {
  readonly input: Pick<TrainingInput, 'run' | 'rateFactor'>;
  readonly config: RunConfig;
  /** Changed in place. */
  readonly policy: UNet3D;
  /** Of the source, to train on. */
  readonly videos: readonly string[];
  /** True where these are a worker's part of them. */
  readonly isShard?: boolean;
  /** That of the run, or of a part of it. */
  readonly pretraining: RunConfig['pretraining'];
}

/** Makes the videos ready; counts those that cannot be used. */
export async function pretrainingOptions(
  { input, config, policy, videos, isShard, pretraining }: PretrainingTask,
  context: ActivityContext,
): Promise<{ readonly options: PretrainingOptions; readonly quarantined: number }> {
  const toUse = { run: input.run, dataset: config.source, videos, labelled: true, config, isShard };
  const { windows, quarantined } = await trainingVideos(toUse, context);
  const options = {
    policy,
    windows,
    config: withRates(pretraining, ['learningRate'], input.rateFactor),
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  };
  return { options, quarantined };
}
