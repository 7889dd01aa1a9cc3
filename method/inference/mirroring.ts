/**
 * Videos that were recorded the other way round (method.md 8): sites do not agree on which side of the picture the
 * ventricle lies, and a policy finds nothing in a mirrored video that it was not taught to read.
 */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { completeSequence } from '../shapes/complete-sequence.ts';
import type { LinearShapes } from '../shapes/linear-shapes.ts';

/** The video with left and right exchanged. */
export function mirroredVideo(video: GreyVideo): GreyVideo {
  return { ...video, intensities: mirroredValues(video.intensities, video.columns, 1) };
}

/** Left and right exchanged in values [..., columns, channels]. */
export function mirroredValues(values: Float32Array, columns: number, channels: number): Float32Array {
  const line = columns * channels;
  const mirrored = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += line) {
    for (let c = 0; c < columns; c++) {
      const from = start + (columns - 1 - c) * channels;
      mirrored.set(values.subarray(from, from + channels), start + c * channels);
    }
  }
  return mirrored;
}

/**
 * How much of a segmentation is a likely heart: its Dice with its completion, mean over ventricle and myocardium, in
 * [0, 1].
 */
export function shapeAgreement(
  segmentation: LabelVideo,
  shapes: LinearShapes,
  { completion }: InferenceConfig,
): number {
  const video = { ...geometryOf(segmentation), labels: segmentation.labels };
  return diceOf(video, completeSequence(shapes, video, completion)).mean;
}
