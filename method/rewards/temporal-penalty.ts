/** Spreads errors over the frames in which a segmentation is inconsistent over time (method.md 5.5); not learned. */
import { DomainError } from '../../contracts/errors.ts';
import { gaussianFilter1d, gaussianFilter2d } from '../../imaging/gaussian.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { landmarkFreeFlags } from '../../metrics/temporal.ts';
import { scaleToUnit } from './fusion.ts';

/** Smoothing of the flags over time, frames. */
const FLAG_SIGMA = 1.1;
/** Blur of the error map in a frame without penalty, pixels of the published grid; it grows with the penalty. */
const BASE_BLUR_SIGMA = 10;
/** Pixel size of the published grid, mm (method.md 2). */
const PUBLISHED_SPACING_MM = 0.37;

/** The blur that covers the same millimetres on a grid with pixels of `spacingMm`, pixels. */
export function blurSigmaAt(spacingMm: number): number {
  return (BASE_BLUR_SIGMA * PUBLISHED_SPACING_MM) / spacingMm;
}

/**
 * p_t of method.md 5.5: for every frame the sum over the four landmark-free measures of their inconsistency flags
 * smoothed over time; 0 in a video that is consistent.
 */
export function temporalPenalty(segmentation: LabelVideo): Float64Array {
  const penalty = new Float64Array(segmentation.frames);
  for (const flags of Object.values(landmarkFreeFlags(segmentation))) {
    // Most windows have no flag at all, and a smoothed zero is zero.
    if (!flags.includes(true)) continue;
    const smoothed = gaussianFilter1d(Float64Array.from(flags, Number), FLAG_SIGMA, 'reflect');
    for (let t = 0; t < penalty.length; t++) penalty[t] = penalty[t]! + smoothed[t]!;
  }
  return penalty;
}

/**
 * The reward with its errors spread in the frames that the temporal penalty marks.
 *
 * `reward` has the shape of `segmentation`, [frames, rows, columns], values in [0, 1]; a new array is returned, equal to
 * the input in frames without penalty and nowhere larger than it. An error map that blurs to a constant has no range
 * and stays as it is. `blurSigma` is that of an unpenalised frame in pixels.
 * @throws GeometryMismatch when the reward is not on the segmentation's grid.
 */
export function applyTemporalPenalty(
  reward: Float32Array,
  segmentation: LabelVideo,
  blurSigma = BASE_BLUR_SIGMA,
): Float32Array {
  const { frames, rows, columns } = segmentation;
  const pixels = rows * columns;
  if (reward.length !== frames * pixels) {
    throw new DomainError(
      'GeometryMismatch',
      `The temporal penalty needs a reward on the grid of the segmentation, ${frames} x ${rows} x ${columns}; ` +
        `found ${reward.length} pixels.`,
    );
  }
  const penalty = temporalPenalty(segmentation);
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
