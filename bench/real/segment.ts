/**
 * A policy's segmentation of a real loop on the loop's own grid, plain and with all that needs no learning:
 * probabilities restored linearly instead of labels to the nearest pixel, smoothed over five frames, cleaned (method.md
 * 4.1).
 */
import type { SegmentationSettings } from '../../app/segmentation/segment-video.ts';
import { type Preprocessed, preprocess } from '../../datasets/preprocessing.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import { policyProbabilities, segmentationOf } from '../../method/inference/predict-video.ts';
import type { Predictor } from '../../method/windows/window-predictor.ts';

export const inferences = ['plain', 'full'] as const;
export type Inference = (typeof inferences)[number];

/** Weights of the frames around one; those beyond an end are the frame at the end. */
const SMOOTHING = [0.06, 0.24, 0.4, 0.24, 0.06];

export function segmentLoop(
  policy: Predictor,
  { preprocessing, inference }: Pick<SegmentationSettings, 'preprocessing' | 'inference'>,
  image: GreyVideo,
): Record<Inference, LabelVideo> {
  const prepared = preprocess(image, preprocessing);
  const probabilities = policyProbabilities(policy, prepared.video, inference);
  const plain = prepared.restoreLabels(segmentationOf(probabilities, prepared.video));
  const smooth = smoothed(restored(probabilities, prepared), image.frames);
  return { plain, full: cleanVideo(segmentationOf(smooth, image)) };
}

/** [frames, rows, columns, classes] on the recorded grid. */
function restored(probabilities: Float32Array, prepared: Preprocessed): Float32Array {
  const maps = Array.from({ length: CLASS_COUNT }, (_, label) => {
    const intensities = new Float32Array(probabilities.length / CLASS_COUNT);
    for (let i = 0; i < intensities.length; i++) intensities[i] = probabilities[i * CLASS_COUNT + label]!;
    return prepared.restoreMap({ ...geometryOf(prepared.video), intensities }).intensities;
  });
  const result = new Float32Array(maps[0]!.length * CLASS_COUNT);
  for (const [label, map] of maps.entries()) {
    for (let i = 0; i < map.length; i++) result[i * CLASS_COUNT + label] = map[i]!;
  }
  return result;
}

/** The frames of `values` are averaged with their neighbours. */
export function smoothed(values: Float32Array, frames: number): Float32Array {
  const size = values.length / frames;
  const result = new Float32Array(values.length);
  const reach = (SMOOTHING.length - 1) / 2;
  for (let t = 0; t < frames; t++) {
    for (const [k, weight] of SMOOTHING.entries()) {
      const start = Math.min(frames - 1, Math.max(0, t + k - reach)) * size;
      for (let i = 0; i < size; i++) result[t * size + i]! += weight * values[start + i]!;
    }
  }
  return result;
}
