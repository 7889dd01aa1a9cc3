/**
 * What a policy says of a video (method.md 8): logits, probabilities, and the labels and the certainty that follow from
 * them. Videos of any size and number of frames, one included.
 */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { mostLikely } from '../windows/most-likely.ts';
import { greyChannel, slideWindows } from '../windows/sliding-window.ts';
import { type Predictor, windowPredictor } from '../windows/window-predictor.ts';

/** A segmentation with how sure the policy is of it. */
export interface PredictedVideo extends LabelVideo {
  /**
   * How sure the policy is of every pixel, [frames, rows, columns] in [0, 1]: 1 - entropy / ln(classes) of its
   * probabilities; 0 where completion gave it another label than the policy did.
   */
  readonly certainty: Float32Array;
}

/** Logits of every pixel, [frames, rows, columns, classes]. */
export function policyLogits(policy: Predictor, video: GreyVideo, config: InferenceConfig): Float32Array {
  return slideWindows(greyChannel(video), windowPredictor(policy), config).values;
}

/** Probabilities of every pixel, [frames, rows, columns, classes]: the softmax of `policyLogits`. */
export function policyProbabilities(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
): Float32Array {
  return softmaxInPlace(policyLogits(policy, video, config), policy.config.outputChannels);
}

/**
 * The segmentation that probabilities [frames, rows, columns, classes] stand for: the most likely label of every pixel,
 * of which the largest foreground blob of each frame stays.
 * @throws DomainError GeometryMismatch when they do not fit the video's grid.
 */
export function segmentationOf(probabilities: Float32Array, video: VideoGeometry): PredictedVideo {
  const pixels = video.frames * video.rows * video.columns;
  const classes = probabilities.length / pixels;
  if (!Number.isInteger(classes) || classes < 2) {
    throw new DomainError(
      'GeometryMismatch',
      `${probabilities.length} probabilities do not fit a video of ${video.frames} x ${video.rows} x ${video.columns} ` +
        'pixels with two or more classes',
    );
  }
  return {
    ...keepLargestForegroundVideo({ ...geometryOf(video), labels: mostLikely(probabilities, classes) }),
    certainty: certaintyOf(probabilities, classes),
  };
}

/**
 * 1 - entropy / ln(classes) of probabilities [..., classes]: 0 where all labels are as likely, 1 where one is certain.
 */
export function certaintyOf(probabilities: Float32Array, classes: number): Float32Array {
  const certainty = new Float32Array(probabilities.length / classes);
  for (let i = 0; i < certainty.length; i++) {
    let entropy = 0;
    for (let k = 0; k < classes; k++) {
      const probability = probabilities[i * classes + k]!;
      if (probability > 0) entropy -= probability * Math.log(probability);
    }
    certainty[i] = Math.min(1, Math.max(0, 1 - entropy / Math.log(classes)));
  }
  return certainty;
}

/**
 * How sure one can be of every pixel, [frames, rows, columns] in [0, 1] (method.md 8, 12): the lower of the reward of
 * the segmentation (`Reward.ofVideo`), which knows errors that the policy is sure of, and of the policy's certainty,
 * which knows the borders that are anybody's guess.
 */
export function confidenceMap(reward: Float32Array, certainty: Float32Array): Float32Array {
  return reward.map((value, i) => Math.min(value, certainty[i]!));
}

function softmaxInPlace(logits: Float32Array, classes: number): Float32Array {
  for (let start = 0; start < logits.length; start += classes) {
    let largest = logits[start]!;
    for (let k = 1; k < classes; k++) largest = Math.max(largest, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const value = Math.exp(logits[start + k]! - largest);
      logits[start + k] = value;
      sum += value;
    }
    for (let k = 0; k < classes; k++) logits[start + k]! /= sum;
  }
  return logits;
}
