/** One video through a policy: preprocess, predict in the way asked for, back onto the video's own grid. */
import type { InferenceConfig, OptimisationConfig, PreprocessingConfig } from '../../contracts/run-config.ts';
import { type Preprocessed, preprocess } from '../../datasets/preprocessing.ts';
import { DomainError } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { confidenceMap, type PredictedVideo, predictVideo } from '../../method/inference/predict-video.ts';
import { predictAugmentedVideo } from '../../method/inference/test-time-augmentation.ts';
import { type OptimisedVideo, predictOptimisedVideo } from '../../method/inference/test-time-optimisation.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import type { Reward } from '../../method/rewards/reward.ts';

export interface SegmentationSettings {
  readonly preprocessing: PreprocessingConfig;
  readonly inference: InferenceConfig;
  readonly optimisation: OptimisationConfig;
}

/** What is done beside the plain prediction (method.md 8). */
export interface SegmentationExtras {
  /** Mean over 25 views. */
  readonly augment: boolean;
  /** Optimise on a video whose segmentation is not valid. */
  readonly optimise: boolean;
  /** Make a confidence map. */
  readonly uncertainty: boolean;
  /** Needed by `optimise` and `uncertainty`; stays the caller's. */
  readonly reward?: Reward | undefined;
}

export type Optimisation = Pick<
  OptimisedVideo,
  'validBefore' | 'validAfter' | 'pass' | 'failingFrames' | 'lowestRewards' | 'meanRewards'
>;

/** All on the grid and spacing of the video. */
export interface SegmentedVideo {
  readonly labels: LabelVideo;
  /** Probability in [0, 1] that a pixel's label is right; when asked for. */
  readonly confidence?: GreyVideo;
  readonly optimisation?: Optimisation;
}

/** Fixed, so that a video gives the same result on every day and beside any other videos. */
const OPTIMISATION_SEED = 0;

/** Runs tensors in this process; a back end must be registered. `policy` stays as it is. */
export function segmentVideo(
  video: GreyVideo,
  policy: UNet3D,
  settings: SegmentationSettings,
  extras?: SegmentationExtras,
): SegmentedVideo {
  const prepared = preprocess(video, settings.preprocessing);
  const predict = (network: UNet3D): PredictedVideo =>
    extras?.augment
      ? predictAugmentedVideo(network, prepared.video, settings.inference)
      : predictVideo(network, prepared.video, settings.inference);
  if (!extras?.optimise) {
    const predicted = predict(policy);
    return {
      labels: prepared.restoreLabels(predicted),
      ...confidenceOf(predicted, prepared, settings, extras),
    };
  }
  const optimised = predictOptimisedVideo({
    policy,
    reward: rewardIn(extras).ofWindows({
      scaling: 'none',
      cleaningPenalty: true,
      temporalPenalty: settings.optimisation.temporalPenalty
        ? { spacingMm: settings.preprocessing.spacingMm }
        : undefined,
    }),
    predict,
    restore: prepared.restoreLabels,
    video: prepared.video,
    inference: settings.inference,
    seed: OPTIMISATION_SEED,
    config: settings.optimisation,
  });
  const { validBefore, validAfter, pass, failingFrames, lowestRewards, meanRewards } = optimised;
  return {
    labels: prepared.restoreLabels(optimised),
    optimisation: { validBefore, validAfter, pass, failingFrames, lowestRewards, meanRewards },
    ...confidenceOf(optimised, prepared, settings, extras),
  };
}

function confidenceOf(
  predicted: PredictedVideo,
  { video, restoreMap }: Preprocessed,
  { inference }: Pick<SegmentationSettings, 'inference'>,
  extras: SegmentationExtras | undefined,
): Pick<SegmentedVideo, 'confidence'> {
  if (!extras?.uncertainty) return {};
  const earned = rewardIn(extras).ofVideo(video, predicted, inference);
  const intensities = confidenceMap(earned, predicted.certainty);
  return { confidence: restoreMap({ ...geometryOf(video), intensities }) };
}

function rewardIn({ reward }: SegmentationExtras): Reward {
  if (reward) return reward;
  throw new DomainError(
    'ConfigInvalid',
    'Test-time optimisation and confidence maps need a reward, and none was given. Name a reward network.',
  );
}
