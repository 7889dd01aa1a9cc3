/** One video through a policy: preprocess, predict in the way asked for, back onto the video's own grid. */
import type { InferenceConfig, OptimisationConfig, PreprocessingConfig } from '../../contracts/run-config.ts';
import { type Preprocessed, preprocess } from '../../datasets/preprocessing.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { type PredictedVideo, predictVideo, rewardMap } from '../../method/inference/predict-video.ts';
import { predictAugmentedVideo } from '../../method/inference/test-time-augmentation.ts';
import { type OptimisedVideo, predictOptimisedVideo } from '../../method/inference/test-time-optimisation.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { fusedReward } from '../../method/ppo/reward-map.ts';
import { networksToFuse, type RewardNetwork } from '../../method/ppo/reward-networks.ts';
import { minimumOf } from '../../method/rewards/fusion.ts';

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
  /** Needed by `optimise` and `uncertainty`. */
  readonly rewards: readonly RewardNetwork[];
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
    rewardOf: fusedReward({
      ...networksToFuse(extras.rewards),
      scaling: 'none',
      cleaningPenalty: true,
      temporalPenalty: settings.optimisation.temporalPenalty,
      spacingMm: settings.preprocessing.spacingMm,
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

/**
 * The pixelwise minimum of the reward networks' maps, not scaled per frame (method.md 8), and of the policy's certainty: rewards know
 * errors that the policy is sure of, the policy knows which borders are anybody's guess (method.md 12).
 */
function confidenceOf(
  predicted: PredictedVideo,
  { video, restoreMap }: Preprocessed,
  { inference }: Pick<SegmentationSettings, 'inference'>,
  extras: SegmentationExtras | undefined,
): Pick<SegmentedVideo, 'confidence'> {
  if (!extras?.uncertainty) return {};
  const maps = extras.rewards.map(({ network, temperature }) =>
    rewardMap(network, video, predicted, inference, temperature),
  );
  return {
    confidence: restoreMap({ ...geometryOf(video), intensities: minimumOf([...maps, predicted.certainty]) }),
  };
}
