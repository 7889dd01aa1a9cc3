/**
 * From a policy and a prepared video to its segmentation (method.md 8), by all that `inference` of a run's
 * configuration asks for. Sweeps, evaluations, `segment` and test-time optimisation all go this way.
 */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { cleanVideo, keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { mostLikely } from '../windows/most-likely.ts';
import type { Predictor } from '../windows/window-predictor.ts';
import { type PredictedVideo, policyProbabilities, segmentationOf } from './predict-video.ts';
import { augmentedProbabilities } from './test-time-augmentation.ts';
import { fuseOverTime, fusionWeights } from './time-fusion.ts';

/** A video on the grid of the networks, and the ways from there onto its own grid. */
export interface PreparedVideo {
  readonly video: GreyVideo;
  /** The video's own grid. */
  readonly original: VideoGeometry;
  restoreLabels(labels: LabelVideo): LabelVideo;
  /** A map of numbers of one frame, [rows, columns]. */
  restoreFrame(values: Float32Array): Float32Array;
}

export interface PredictionOptions {
  /** The mean over views, also where the configuration does not ask for it always. */
  readonly augment?: boolean;
}

/** A segmentation on both grids. */
export interface SegmentedVideo {
  /** On the video's own grid. */
  readonly labels: LabelVideo;
  /** On the grid of the networks. */
  readonly predicted: PredictedVideo;
}

/** The policy's segmentation of a prepared video. */
export function segmentPrepared(
  policy: Predictor,
  prepared: PreparedVideo,
  config: InferenceConfig,
  options?: PredictionOptions,
): SegmentedVideo {
  return segmentProbabilities(videoProbabilities(policy, prepared.video, config, options), prepared, config);
}

/** What `segmentPrepared` finds on the grid of the networks, without the way back. */
export function predictVideo(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
  options?: PredictionOptions,
): PredictedVideo {
  return predictionOf(videoProbabilities(policy, video, config, options), video, config);
}

/** Probabilities of every pixel, [frames, rows, columns, classes], the mean over views where they are asked for. */
export function videoProbabilities(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
  { augment = false }: PredictionOptions = {},
): Float32Array {
  const overViews = augment || config.testTimeAugmentation.always;
  return (overViews ? augmentedProbabilities : policyProbabilities)(policy, video, config);
}

/**
 * The segmentation that probabilities of a prepared video stand for; they are fused over time in place.
 * @throws DomainError GeometryMismatch when they do not fit the video's grid.
 */
export function segmentProbabilities(
  probabilities: Float32Array,
  prepared: PreparedVideo,
  config: InferenceConfig,
): SegmentedVideo {
  const predicted = predictionOf(probabilities, prepared.video, config);
  const { labels } = predicted;
  const restored =
    config.restore === 'labels'
      ? prepared.restoreLabels({ ...geometryOf(predicted), labels })
      : keepLargestForegroundVideo(mostLikelyRestored(probabilities, prepared));
  return { predicted, labels: config.cleaning ? cleanVideo(restored) : restored };
}

/** Fuses the probabilities over time in place. */
function predictionOf(
  probabilities: Float32Array,
  video: GreyVideo,
  { timeFusion, cleaning }: InferenceConfig,
): PredictedVideo {
  fuseOverTime(probabilities, video.frames, fusionWeights(timeFusion, video.frameTimeMs));
  const predicted = segmentationOf(probabilities, video);
  return cleaning ? { ...cleanVideo(predicted), certainty: predicted.certainty } : predicted;
}

/**
 * The most likely label of every pixel of the video's own grid. One frame is restored at a time: all probabilities of
 * a recording at its own size can be gigabytes.
 */
function mostLikelyRestored(probabilities: Float32Array, prepared: PreparedVideo): LabelVideo {
  const { frames, rows, columns } = prepared.video;
  const { original } = prepared;
  const pixels = rows * columns;
  const classes = probabilities.length / (frames * pixels);
  const size = original.rows * original.columns;
  const labels = new Uint8Array(frames * size);
  for (let t = 0; t < frames; t++) {
    const frame = probabilities.subarray(t * pixels * classes, (t + 1) * pixels * classes);
    const restored = new Float32Array(size * classes);
    for (let k = 0; k < classes; k++) {
      const map = new Float32Array(pixels);
      for (let i = 0; i < pixels; i++) map[i] = frame[i * classes + k]!;
      const onOwnGrid = prepared.restoreFrame(map);
      for (let i = 0; i < size; i++) restored[i * classes + k] = onOwnGrid[i]!;
    }
    labels.set(mostLikely(restored, classes), t * size);
  }
  return { ...geometryOf(original), labels };
}
