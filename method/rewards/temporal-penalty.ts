/** Spreads errors over the frames in which a segmentation is inconsistent over time (method.md 5.5); not learned. */
import { gaussianFilter1d, gaussianFilter2d } from '../../imaging/gaussian.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import {
  type LandmarkFreeMeasures,
  landmarkFreeFlags,
  landmarkFreeMeasureNames,
  landmarkFreeMeasures,
} from '../../metrics/temporal.ts';
import { scaleToUnit } from './fusion.ts';
import { requireRewardOn } from './reward-grid.ts';

/** Smoothing of the flags over time, frames. */
const FLAG_SIGMA = 1.1;
/** Blur of the error map in a frame without penalty, pixels of the published grid; it grows with the penalty. */
const BASE_BLUR_SIGMA = 10;
/** Pixel size of the published grid, mm (method.md 2). */
const PUBLISHED_SPACING_MM = 0.37;

/** The blur that covers the same millimetres on a grid with pixels of `spacingMm`, pixels. */
function blurSigmaAt(spacingMm: number): number {
  return (BASE_BLUR_SIGMA * PUBLISHED_SPACING_MM) / spacingMm;
}

/**
 * The video around a window. Four frames of a beat say little of what is a jump: their measures are scaled to their own small
 * range, so that one window in six of true segmentations has a flag, and none has one along its whole video (docs/experiments.md).
 */
export interface WindowSurroundings {
  /** Of every frame of the video, as it was last segmented on the grid of the window: areas in mm², centres in pixels. */
  readonly measures: LandmarkFreeMeasures;
  /** Frame of the video that the window begins with. */
  readonly startFrame: number;
}

/**
 * p_t of method.md 5.5: for every frame of the window the sum over the four landmark-free measures of their inconsistency flags
 * smoothed over time; 0 where they are consistent. With surroundings the flags are those of the whole video with this window in
 * its place.
 */
export function temporalPenalty(window: LabelVideo, surroundings?: WindowSurroundings): Float64Array {
  const ofWindow = landmarkFreeMeasures(window);
  const measures = surroundings ? placedIn(surroundings, ofWindow) : ofWindow;
  const first = surroundings?.startFrame ?? 0;
  const penalty = new Float64Array(window.frames);
  for (const flags of Object.values(landmarkFreeFlags(measures))) {
    // Most videos have no flag at all, and a smoothed zero is zero.
    if (!flags.includes(true)) continue;
    const smoothed = gaussianFilter1d(Float64Array.from(flags, Number), FLAG_SIGMA, 'reflect');
    for (let t = 0; t < penalty.length; t++) penalty[t] = penalty[t]! + smoothed[first + t]!;
  }
  return penalty;
}

function placedIn(
  { measures, startFrame }: WindowSurroundings,
  ofWindow: LandmarkFreeMeasures,
): LandmarkFreeMeasures {
  const placed = structuredClone(measures);
  for (const name of landmarkFreeMeasureNames) placed[name].set(ofWindow[name], startFrame);
  return placed;
}

/**
 * The reward with its errors spread in the frames that the temporal penalty marks.
 *
 * `reward` has the shape of `segmentation`, [frames, rows, columns], values in [0, 1]; a new array is returned, equal to
 * the input in frames without penalty and nowhere larger than it. An error map that blurs to a constant has no range
 * and stays as it is. Pixels are square; their spacing says how many of them the blur covers. `surroundings` is the video that the
 * segmentation is a window of; left out, it is judged by itself.
 * @throws GeometryMismatch when the reward is not on the segmentation's grid.
 */
export function applyTemporalPenalty(
  reward: Float32Array,
  segmentation: LabelVideo,
  surroundings?: WindowSurroundings,
): Float32Array {
  requireRewardOn(segmentation, reward, 'The temporal penalty');
  const { frames, rows, columns, spacingMm } = segmentation;
  const pixels = rows * columns;
  const blurSigma = blurSigmaAt(spacingMm[0]);
  const penalty = temporalPenalty(segmentation, surroundings);
  const penalised = Float32Array.from(reward);
  const error = new Float64Array(pixels);
  const spread = new Float32Array(pixels);
  for (let t = 0; t < frames; t++) {
    if (!(penalty[t]! > 0)) continue;
    const frame = penalised.subarray(t * pixels, (t + 1) * pixels);
    for (let i = 0; i < pixels; i++) error[i] = 1 - frame[i]!;
    scaleToUnit(gaussianFilter2d(error, rows, columns, blurSigma * (1 + penalty[t]!)), spread);
    for (let i = 0; i < pixels; i++) frame[i] = Math.min(frame[i]!, 1 - spread[i]!);
  }
  return penalised;
}
