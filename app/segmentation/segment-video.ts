/** One video through a policy: preprocess, predict in the way asked for, back onto the video's own grid. */
import type { InferenceConfig, OptimisationConfig, PreprocessingConfig } from '../../contracts/run-config.ts';
import { type Preprocessed, preprocess } from '../../datasets/preprocessing.ts';
import { DomainError } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { confidenceMap, type PredictedVideo } from '../../method/inference/predict-video.ts';
import {
  type SegmentedVideo as SegmentedOnGrids,
  segmentPrepared,
} from '../../method/inference/segment-prepared.ts';
import {
  type OptimisedVideo,
  optimisationReward,
  segmentOptimised,
} from '../../method/inference/test-time-optimisation.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import type { Reward } from '../../method/rewards/reward.ts';
import type { Completion } from '../../method/shapes/completed-segmentation.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';

export interface SegmentationSettings {
  readonly preprocessing: PreprocessingConfig;
  readonly inference: InferenceConfig;
  readonly optimisation: OptimisationConfig;
  /** What completes segmentations where `inference.completion` is enabled; without them nothing is completed. */
  readonly shapes?: LinearShapes | undefined;
}

/** What is done beside the plain prediction (method.md 8). */
export interface SegmentationExtras {
  /** Mean over views, also where the settings do not ask for it always. */
  readonly augment: boolean;
  /** Optimise on a video whose segmentation is not valid. */
  readonly optimise: boolean;
  /** Make a confidence map. */
  readonly uncertainty: boolean;
  /** Needed by `optimise` and `uncertainty`; stays the caller's. */
  readonly reward?: Reward | undefined;
}

export type Optimisation = Omit<OptimisedVideo, keyof SegmentedOnGrids>;

/** All on the grid and spacing of the video. */
export interface SegmentedVideo {
  readonly labels: LabelVideo;
  /** Probability in [0, 1] that a pixel's label is right; when asked for. */
  readonly confidence?: GreyVideo;
  readonly optimisation?: Optimisation;
  /** Where one was made. */
  readonly completion?: Completion;
  /** There where the policy saw a likelier heart in the mirror: the video is probably mirrored. */
  readonly mirrored?: true;
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
  const prediction = { augment: extras?.augment === true, shapes: settings.shapes };
  if (!extras?.optimise) {
    const segmented = segmentPrepared(policy, prepared, settings.inference, prediction);
    return resultOf(segmented, prepared, settings, extras);
  }
  const segmented = segmentOptimised({
    policy,
    reward: optimisationReward(rewardIn(extras), settings.optimisation, settings.preprocessing.spacingMm),
    prepared,
    inference: settings.inference,
    prediction,
    seed: OPTIMISATION_SEED,
    config: settings.optimisation,
  });
  const { labels: _, predicted: __, completion: ___, mirrored: ____, ...optimisation } = segmented;
  return { ...resultOf(segmented, prepared, settings, extras), optimisation };
}

function resultOf(
  { labels, predicted, completion, mirrored }: SegmentedOnGrids,
  prepared: Preprocessed,
  settings: SegmentationSettings,
  extras: SegmentationExtras | undefined,
): Omit<SegmentedVideo, 'optimisation'> {
  return {
    labels,
    ...(completion && { completion }),
    ...(mirrored && { mirrored }),
    ...(extras?.uncertainty && { confidence: confidenceOf(predicted(), prepared, settings, extras) }),
  };
}

function confidenceOf(
  predicted: PredictedVideo,
  { video, restoreMap }: Preprocessed,
  { inference }: Pick<SegmentationSettings, 'inference'>,
  extras: SegmentationExtras,
): GreyVideo {
  const earned = rewardIn(extras).ofVideo(video, predicted, inference);
  const intensities = confidenceMap(earned, predicted.certainty);
  return restoreMap({ ...geometryOf(video), intensities });
}

function rewardIn({ reward }: SegmentationExtras): Reward {
  if (reward) return reward;
  throw new DomainError(
    'ConfigInvalid',
    'Test-time optimisation and confidence maps need a reward, and none was given. Name a reward network.',
  );
}
