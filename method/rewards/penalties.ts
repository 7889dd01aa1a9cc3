/**
 * The penalties on a reward that are not learned: errors spread over frames where time is broken (method.md 5.5), and
 * no reward for what cleaning would change (method.md 8). What follows from the actions alone is found on the host,
 * once a window (`penaltiesOf`), and lowers the reward in a second step (`penalise`).
 */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import { gaussianFilter1d } from '../../imaging/gaussian.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import {
  type LandmarkFreeMeasures,
  landmarkFreeFlags,
  landmarkFreeMeasureNames,
  landmarkFreeMeasures,
} from '../../metrics/temporal.ts';
import { windowsIn } from '../windows/label-windows.ts';
import { type FrameBlur, frameBlur, spreadErrors } from './frame-blur.ts';

/** Smoothing of the flags over time, frames. */
const FLAG_SIGMA = 1.1;
/** Blur of the error map in a frame without penalty, pixels of the published grid; it grows with the penalty. */
const BASE_BLUR_SIGMA = 10;
/** Pixel size of the published grid, mm (method.md 2). */
const PUBLISHED_SPACING_MM = 0.37;

/**
 * The video around a window. Four frames of a beat say little of what is a jump: their measures are scaled to their own
 * small range, so that one window in six of true segmentations has a flag, and none has one along its whole video
 * (docs/experiments.md).
 */
export interface WindowSurroundings {
  /**
   * Of every frame of the video, as it was last segmented on the grid of the window: areas in mm², centres in pixels.
   */
  readonly measures: LandmarkFreeMeasures;
  /** Frame of the video that the window begins with. */
  readonly startFrame: number;
}

export interface PenaltyRules {
  /** No reward where cleaning would change the action: at test time, when such errors are what is to go. */
  readonly cleaningPenalty?: boolean;
  /** Spread errors over frames where time is broken, on square pixels of this size, mm. */
  readonly temporalPenalty?: { readonly spacingMm: number } | undefined;
}

/** What lowers the reward of a batch of windows. */
export interface Penalties {
  /** [batch, time, rows, columns]: 0 where cleaning would change the action, 1 elsewhere. */
  readonly kept?: tf.Tensor4D | undefined;
  /** What spreads the errors of frames; absent where time is broken in none. */
  readonly blur?: FrameBlur | undefined;
}

/**
 * The penalties of actions (int32 labels, [batch, time, rows, columns]), which are read back once. Each window of the
 * batch may be given the video around it. The caller disposes the tensors in it.
 */
export function penaltiesOf(
  actions: tf.Tensor4D,
  { cleaningPenalty, temporalPenalty }: PenaltyRules,
  surroundings?: readonly (WindowSurroundings | undefined)[],
): Penalties {
  if (!cleaningPenalty && !temporalPenalty) return {};
  const windows = windowsIn(actions, temporalPenalty?.spacingMm ?? PUBLISHED_SPACING_MM);
  return {
    kept: cleaningPenalty
      ? tf.tensor4d(joined(windows.map(keptByCleaning), Float32Array), actions.shape)
      : undefined,
    blur: temporalPenalty ? blurOf(windows, surroundings) : undefined,
  };
}

/**
 * The reward, [batch, time, rows, columns] in [0, 1], lowered by its penalties; nowhere larger than it was. A function
 * of tensors alone. The caller disposes the result.
 * @throws GeometryMismatch when the penalties are those of other windows.
 */
export function penalise(reward: tf.Tensor4D, { kept, blur }: Penalties): tf.Tensor4D {
  const frames = reward.shape[0] * reward.shape[1];
  if (kept && !tf.util.arraysEqual(kept.shape, reward.shape)) {
    throw mismatch(`a cleaning penalty of [${kept.shape.join(', ')}]`, reward);
  }
  if (blur && blur.blurred.shape[0] !== frames) {
    throw mismatch(`a temporal penalty of ${blur.blurred.shape[0]} frames`, reward);
  }
  return tf.tidy(() => {
    const left: tf.Tensor4D = kept ? tf.mul(reward, kept) : tf.clone(reward);
    return blur ? spreadErrors(left, blur) : left;
  });
}

/**
 * p_t of method.md 5.5: for every frame of the window the sum over the four landmark-free measures of their
 * inconsistency flags smoothed over time; 0 where they are consistent. With surroundings the flags are those of the
 * whole video with this window in its place.
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

/** The blur of all frames of a batch; nothing where none has a flag, as in most batches. */
function blurOf(
  windows: readonly LabelVideo[],
  surroundings: readonly (WindowSurroundings | undefined)[] | undefined,
): FrameBlur | undefined {
  const sigmas = joined(
    windows.map((window, index) => blurSigmas(window, surroundings?.[index])),
    Float64Array,
  );
  const { rows, columns } = windows[0]!;
  return sigmas.some((sigma) => sigma > 0) ? frameBlur(sigmas, rows, columns) : undefined;
}

/** 10 (1 + p_t) pixels of the published grid, in pixels that cover the same millimetres here; 0 without penalty. */
function blurSigmas(window: LabelVideo, surroundings: WindowSurroundings | undefined): Float64Array {
  const base = (BASE_BLUR_SIGMA * PUBLISHED_SPACING_MM) / window.spacingMm[0];
  return temporalPenalty(window, surroundings).map((penalty) => (penalty > 0 ? base * (1 + penalty) : 0));
}

/** 0 at every pixel that cleaning (method.md 4.1) gives another label: pieces apart, holes, gaps; 1 elsewhere. */
function keptByCleaning(window: LabelVideo): Float32Array {
  const cleaned = cleanVideo(window).labels;
  return Float32Array.from(window.labels, (label, i) => (cleaned[i] === label ? 1 : 0));
}

function joined<Values extends Float32Array | Float64Array>(
  parts: readonly Values[],
  type: new (length: number) => Values,
): Values {
  const all = new type(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}

function mismatch(what: string, reward: tf.Tensor4D): DomainError {
  return new DomainError(
    'GeometryMismatch',
    `${what} does not fit a reward of [${reward.shape.join(', ')}]: make the penalties from the actions that it is the reward of`,
  );
}
