/**
 * From a policy and a prepared video to its segmentation (method.md 8), by all that `inference` of a run's
 * configuration asks for. Sweeps, evaluations, `segment` and test-time optimisation all go this way.
 */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { cleanVideo, keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { completeSequence } from '../shapes/complete-sequence.ts';
import {
  type CompletedSegmentation,
  type Completion,
  completedSegmentation,
} from '../shapes/completed-segmentation.ts';
import type { LinearShapes } from '../shapes/linear-shapes.ts';
import { shapeAgreement } from '../shapes/shape-agreement.ts';
import { mostLikely } from '../windows/most-likely.ts';
import type { Predictor } from '../windows/window-predictor.ts';
import { mirroredValues, mirroredVideo } from './mirroring.ts';
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
  /** What shapes look like, for `completion`; without them nothing is completed. */
  readonly shapes?: LinearShapes | undefined;
}

/** A segmentation on both grids. */
export interface SegmentedVideo {
  /** On the video's own grid. */
  readonly labels: LabelVideo;
  /**
   * The same on the grid of the networks, completed where `labels` are; made when it is asked for, as completing a
   * sequence takes a while.
   */
  readonly predicted: () => PredictedVideo;
  /** Where one was made, on the video's own grid. */
  readonly completion?: Completion;
  /** There where the policy saw a likelier heart in the mirror, and what it saw there was taken. */
  readonly mirrored?: true;
}

/** The policy's segmentation of a prepared video. */
export function segmentPrepared(
  policy: Predictor,
  prepared: PreparedVideo,
  config: InferenceConfig,
  options?: PredictionOptions,
): SegmentedVideo {
  const { probabilities, completion, mirrored } = look(policy, prepared.video, config, options);
  const completing = { shapes: options?.shapes, known: completion };
  return { ...segmentationFrom(probabilities, prepared, config, completing), ...(mirrored && { mirrored }) };
}

/** What `segmentPrepared` finds on the grid of the networks, without the way back. */
export function predictVideo(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
  options?: PredictionOptions,
): PredictedVideo {
  const { probabilities, prediction, completion } = look(policy, video, config, options);
  const predicted = prediction ?? predictionOf(probabilities, video, config);
  const { labels } = completed(predicted, config, { shapes: options?.shapes, known: completion });
  return relabelled(predicted, labels);
}

/**
 * Probabilities of every pixel, [frames, rows, columns, classes], the mean over views where they are asked for; of the
 * mirrored video, where what is seen in the video as it is looks too little like a heart and that looks more like one.
 */
export function videoProbabilities(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
  options?: PredictionOptions,
): Float32Array {
  return look(policy, video, config, options).probabilities;
}

interface Seen {
  readonly probabilities: Float32Array;
  /** What they stand for on the grid of the networks and its completion, where that had to be judged. */
  readonly prediction?: PredictedVideo;
  readonly completion?: LabelVideo | undefined;
  /** As in `SegmentedVideo`. */
  readonly mirrored?: true;
}

function look(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
  { augment = false, shapes }: PredictionOptions = {},
): Seen {
  const overViews = augment || config.testTimeAugmentation.always;
  const seenIn = overViews ? augmentedProbabilities : policyProbabilities;
  const probabilities = seenIn(policy, video, config);
  const { enabled, mirrorBelow } = config.completion;
  if (!enabled || !shapes || mirrorBelow === 0) return { probabilities };
  const judged = (values: Float32Array) => {
    const prediction = predictionOf(values.slice(), video, config);
    const completion = completeSequence(shapes, prediction, config.completion);
    const agreement = shapeAgreement(prediction, completion);
    return { probabilities: values, prediction, completion, agreement };
  };
  const asRecorded = judged(probabilities);
  if (asRecorded.agreement >= mirrorBelow) return asRecorded;
  const ofMirrored = seenIn(policy, mirroredVideo(video), config);
  const inMirror = judged(mirroredValues(ofMirrored, video.columns, policy.config.outputChannels));
  return inMirror.agreement > asRecorded.agreement ? { ...inMirror, mirrored: true } : asRecorded;
}

/**
 * The segmentation that probabilities of a prepared video stand for; they are fused over time in place.
 * @throws DomainError GeometryMismatch when they do not fit the video's grid.
 */
export function segmentProbabilities(
  probabilities: Float32Array,
  prepared: PreparedVideo,
  config: InferenceConfig,
  shapes?: LinearShapes,
): SegmentedVideo {
  return segmentationFrom(probabilities, prepared, config, { shapes });
}

/** What completes a segmentation. */
interface Completing {
  readonly shapes: LinearShapes | undefined;
  /** The completion of what is seen on the grid of the networks, if it has been made. */
  readonly known?: LabelVideo | undefined;
}

function segmentationFrom(
  probabilities: Float32Array,
  prepared: PreparedVideo,
  config: InferenceConfig,
  completing: Completing,
): SegmentedVideo {
  const predicted = predictionOf(probabilities, prepared.video, config);
  const { labels } = predicted;
  const restored =
    config.restore === 'labels'
      ? prepared.restoreLabels({ ...geometryOf(predicted), labels })
      : keepLargestForegroundVideo(mostLikelyRestored(probabilities, prepared));
  const cleaned = config.cleaning ? cleanVideo(restored) : restored;
  const { shapes, known } = completing;
  const onOwnGrid = completed(cleaned, config, { shapes });
  const likewise = () =>
    shapes && onOwnGrid.completion?.taken
      ? (known ?? completeSequence(shapes, predicted, config.completion))
      : undefined;
  return { predicted: () => relabelled(predicted, likewise() ?? predicted), ...onOwnGrid };
}

/** With other labels. What the policy saw otherwise it is not sure of at all, however sure it was of that. */
function relabelled(predicted: PredictedVideo, { labels }: LabelVideo): PredictedVideo {
  if (labels === predicted.labels) return predicted;
  const certainty = predicted.certainty.map((value, i) => (labels[i] === predicted.labels[i] ? value : 0));
  return { ...predicted, labels, certainty };
}

/** Where completion is asked for and the shapes are known. */
function completed(
  video: LabelVideo,
  { completion }: InferenceConfig,
  { shapes, known }: Completing,
): CompletedSegmentation {
  if (!completion.enabled || !shapes) return { labels: video };
  return completedSegmentation(video, completion, shapes, known);
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
