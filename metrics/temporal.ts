/**
 * Temporal validity (method.md 9.3): eight measures along a video; a frame is flagged where a measure jumps, and a
 * video is valid when no frame is flagged and every measure could be taken.
 */

import { type LabelVideo, labelFrame } from '../imaging/image.ts';
import { type RegionAttributes, regionAttributes } from './attributes.ts';
import { type TemporalMeasureName, temporalMeasureNames } from './evaluation.ts';
import { leastFramesPerBeat, type TemporalThresholds, thresholdsAtFrameRate } from './frame-rate.ts';
import { surfaceHausdorff } from './hausdorff.ts';
import {
  type BaseCorners,
  baseCorners,
  baseWidthMm,
  leftVentricleApex,
  ventricleLengthMm,
} from './landmarks.ts';
import { type FrameSurfaces, videoSurfaces } from './surfaces.ts';

/** Measures that need no landmark, which the reward of method.md 5.5 reads. */
export const landmarkFreeMeasureNames = ['lvArea', 'myoArea', 'epiCenterX', 'epiCenterY'] as const;

export type LandmarkFreeMeasureName = (typeof landmarkFreeMeasureNames)[number];

/** Value per frame. */
export type LandmarkFreeMeasures = Readonly<Record<LandmarkFreeMeasureName, Float64Array>>;

/** Second differences of scaled attributes, and for the two Hausdorff measures mm. */
export const temporalThresholds: TemporalThresholds = {
  lvArea: 0.2,
  myoArea: 0.4,
  lvBaseWidth: 0.45,
  lvLength: 0.25,
  epiCenterX: 0.3,
  epiCenterY: 0.2,
  hausdorffMyo: 7.0,
  hausdorffEpi: 7.5,
};

/** Value per frame of every measure; undefined for a measure that fails in any frame. */
export type TemporalMeasures = Readonly<Record<TemporalMeasureName, Float64Array | undefined>>;

/**
 * Value minus the mean of the two neighbours, after scaling to [0, 1] with bounds 0.99 * min and 1.01 * max. End
 * frames, and every frame of a sequence that is all zero, have 0.
 */
export function scaledSecondDifference(values: ArrayLike<number>): Float64Array {
  const result = new Float64Array(values.length);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < values.length; t++) {
    least = Math.min(least, values[t]!);
    most = Math.max(most, values[t]!);
  }
  const low = least * 0.99;
  const range = most * 1.01 - low;
  if (!(range > 0)) return result;
  const scaled = Float64Array.from(values, (value) => (value - low) / range);
  for (let t = 1; t < values.length - 1; t++) result[t] = scaled[t]! - (scaled[t - 1]! + scaled[t + 1]!) / 2;
  return result;
}

function jumps(values: ArrayLike<number>, threshold: number): boolean[] {
  return Array.from(scaledSecondDifference(values), (change) => Math.abs(change) > threshold);
}

/** Value per frame of the four measures that need no landmark. */
export function landmarkFreeMeasures(video: LabelVideo): LandmarkFreeMeasures {
  const regions: RegionAttributes[] = [];
  for (let t = 0; t < video.frames; t++) regions.push(regionAttributes(labelFrame(video, t)));
  return {
    lvArea: Float64Array.from(regions, (region) => region.lvArea),
    myoArea: Float64Array.from(regions, (region) => region.myoArea),
    epiCenterX: Float64Array.from(regions, (region) => region.epiCenterX),
    epiCenterY: Float64Array.from(regions, (region) => region.epiCenterY),
  };
}

/** Flags per frame of these measures; all false for fewer than three frames. */
export function landmarkFreeFlags(
  measures: LandmarkFreeMeasures,
): Record<LandmarkFreeMeasureName, boolean[]> {
  return {
    lvArea: jumps(measures.lvArea, temporalThresholds.lvArea),
    myoArea: jumps(measures.myoArea, temporalThresholds.myoArea),
    epiCenterX: jumps(measures.epiCenterX, temporalThresholds.epiCenterX),
    epiCenterY: jumps(measures.epiCenterY, temporalThresholds.epiCenterY),
  };
}

/** Base width and length of every frame in mm; undefined where a landmark is missing in any frame. */
function landmarkMeasures(
  video: LabelVideo,
  bases: readonly (BaseCorners | undefined)[],
): Pick<TemporalMeasures, 'lvBaseWidth' | 'lvLength'> {
  const width = new Float64Array(video.frames);
  const length = new Float64Array(video.frames);
  let widthTaken = true;
  let lengthTaken = true;
  for (let t = 0; t < video.frames && widthTaken; t++) {
    const base = bases[t];
    if (base === undefined) {
      widthTaken = false;
      lengthTaken = false;
      break;
    }
    width[t] = baseWidthMm(base, video.spacingMm);
    if (!lengthTaken) continue;
    const apex = leftVentricleApex(labelFrame(video, t));
    if (apex === undefined) lengthTaken = false;
    else length[t] = ventricleLengthMm(base, apex, video.spacingMm);
  }
  return { lvBaseWidth: widthTaken ? width : undefined, lvLength: lengthTaken ? length : undefined };
}

/** Mean Hausdorff distance in mm of each inner frame to its two neighbours, 0 at the ends. */
function neighbourDistances(
  surfaces: readonly FrameSurfaces[],
  structure: 'myo' | 'epi',
  spacingMm: readonly [number, number],
): Float64Array | undefined {
  const result = new Float64Array(surfaces.length);
  if (surfaces.length < 3) return result;
  const toNext: number[] = [];
  for (let t = 0; t + 1 < surfaces.length; t++) {
    const distance = surfaceHausdorff(surfaces[t]![structure], surfaces[t + 1]![structure], spacingMm);
    if (distance === undefined) return undefined;
    toNext.push(distance);
  }
  for (let t = 1; t + 1 < surfaces.length; t++) result[t] = (toNext[t]! + toNext[t - 1]!) / 2;
  return result;
}

/** The eight measures of a segmentation, whose surfaces and base corners may be given where they are known. */
export function temporalMeasures(
  video: LabelVideo,
  surfaces: readonly FrameSurfaces[] = videoSurfaces(video),
  bases: readonly (BaseCorners | undefined)[] = baseCorners(video),
): TemporalMeasures {
  return {
    ...landmarkFreeMeasures(video),
    ...landmarkMeasures(video, bases),
    hausdorffMyo: neighbourDistances(surfaces, 'myo', video.spacingMm),
    hausdorffEpi: neighbourDistances(surfaces, 'epi', video.spacingMm),
  };
}

/** Flags per frame of one measure. One that could not be taken flags every inner frame. */
export function temporalFlags(
  name: TemporalMeasureName,
  values: Float64Array | undefined,
  frames: number,
  threshold = temporalThresholds[name],
): boolean[] {
  if (values === undefined) return Array.from({ length: frames }, (_, t) => t > 0 && t < frames - 1);
  if (name === 'hausdorffMyo' || name === 'hausdorffEpi') {
    return Array.from(values, (distance) => distance > threshold);
  }
  return jumps(values, threshold);
}

export interface TemporalValidity {
  readonly valid: boolean;
  /** Frames with any flag, ascending. */
  readonly flaggedFrames: number[];
  /** Flagged frames by measure; a measure that could not be taken is listed even when the video has no inner frame. */
  readonly failures: Partial<Record<TemporalMeasureName, number[]>>;
}

/** Verdict on a segmentation. A video of one or two frames is valid when its measures can be taken. */
export function temporalValidity(
  video: LabelVideo,
  measures: TemporalMeasures = temporalMeasures(video),
  thresholds: TemporalThresholds = temporalThresholds,
): TemporalValidity {
  const failures: Partial<Record<TemporalMeasureName, number[]>> = {};
  const flagged = new Set<number>();
  for (const name of temporalMeasureNames) {
    const flags = temporalFlags(name, measures[name], video.frames, thresholds[name]);
    const frames = flags.flatMap((flag, t) => (flag ? [t] : []));
    if (frames.length > 0 || measures[name] === undefined) failures[name] = frames;
    for (const t of frames) flagged.add(t);
  }
  return {
    valid: Object.keys(failures).length === 0,
    flaggedFrames: [...flagged].sort((a, b) => a - b),
    failures,
  };
}

/**
 * The same verdict with thresholds that know the video's frame rate: the published one, but for videos of few frames
 * a beat.
 */
export function temporalValidityAtFrameRate(
  video: LabelVideo,
  measures: TemporalMeasures = temporalMeasures(video),
): TemporalValidity {
  const areas = measures.lvArea ?? landmarkFreeMeasures(video).lvArea;
  const framesPerBeat = leastFramesPerBeat(areas, video.frameTimeMs);
  return temporalValidity(video, measures, thresholdsAtFrameRate(temporalThresholds, framesPerBeat));
}
