/**
 * Torn walls, holes and jumps of a segmentation completed by the linear shape model (method.md 4.4): each frame gets
 * the likely shape that most of its borders agree with, smooth over time, with a straight base.
 */
import type { CompletionConfig } from '../../contracts/run-config.ts';
import { signedDistanceMm } from '../../imaging/distance-map.ts';
import { gaussianFilter1d } from '../../imaging/gaussian.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import { drawFrame } from './draw-shape.ts';
import type { LinearShapes } from './linear-shapes.ts';
import { type Placement, placementOf, showsVentricle } from './placement.ts';
import { type FittedShape, robustFit, tellingPoints } from './robust-fit.ts';
import { shapeOf } from './shape-square.ts';

/** Smoothing over more lengths of the video than this is the mean of its frames, whatever time its file states. */
const LONGEST_SMOOTHING = 4;
/** A wall is at least so thick, in units of the placement (some 2.5 mm). */
const LEAST_WALL = 0.06;

/**
 * The completed segmentation, on the same grid. Frames without a ventricle, or with a speck of one, get the shape that
 * their neighbours suggest; undefined for a video without any ventricle to speak of.
 */
export function completeSequence(
  model: LinearShapes,
  video: LabelVideo,
  config: CompletionConfig,
): LabelVideo | undefined {
  const placement = placementOf(video);
  if (!placement) return undefined;
  const fitted = fittedFrames(model, video, placement, config);
  const sigma = config.smoothingMs / video.frameTimeMs;
  const coefficients = smoothedOverTime(
    fitted.map((one) => one.coefficients),
    sigma,
  );
  const details = smoothedOverTime(
    fitted.map((one) => one.detail),
    sigma,
  );
  const corners = smoothedOverTime(
    coefficients.map((one) => cornersOf(model, one)),
    config.cornerSmoothingMs / video.frameTimeMs,
  );
  const labels = new Uint8Array(video.labels.length);
  const pixels = video.rows * video.columns;
  const wall = wallOf(model);
  coefficients.forEach((one, t) => {
    const shape = shapeFrom(model, one, details[t]!, wall);
    drawFrame(
      { shape, corners: corners[t]!, side: model.side },
      video,
      placement,
      labels.subarray(t * pixels),
    );
  });
  return cleanVideo({ ...geometryOf(video), labels });
}

/** Of every frame; frames that do not show the ventricle lie between their neighbours. */
function fittedFrames(
  model: LinearShapes,
  video: LabelVideo,
  placement: Placement,
  config: CompletionConfig,
): FittedShape[] {
  const pixels = video.rows * video.columns;
  const points = tellingPoints(model);
  const known: (FittedShape & { frame: number })[] = [];
  for (let t = 0; t < video.frames; t++) {
    const frame = video.labels.subarray(t * pixels, (t + 1) * pixels);
    if (!showsVentricle(frame, video, placement)) continue;
    const shape = shapeOf(frame, video, placement, model.side);
    known.push({ frame: t, ...robustFit(model, points, shape, config) });
  }
  return Array.from({ length: video.frames }, (_, t) => {
    const after = known.find(({ frame }) => frame >= t) ?? known.at(-1)!;
    const before = known.findLast(({ frame }) => frame <= t) ?? known[0]!;
    const share = after.frame === before.frame ? 0 : (t - before.frame) / (after.frame - before.frame);
    return {
      coefficients: before.coefficients.map((value, k) => value + share * (after.coefficients[k]! - value)),
      detail: before.detail.map((value, i) => value + share * (after.detail[i]! - value)),
    };
  });
}

function smoothedOverTime(frames: readonly (Float64Array | Float32Array)[], sigma: number): Float64Array[] {
  if (sigma <= 0 || frames.length < 2) return frames.map((values) => Float64Array.from(values));
  const smoothed = frames.map((values) => new Float64Array(values.length));
  for (let k = 0; k < frames[0]!.length; k++) {
    const signal = gaussianFilter1d(
      Float64Array.from(frames, (values) => values[k]!),
      Math.min(sigma, LONGEST_SMOOTHING * frames.length),
    );
    smoothed.forEach((values, t) => {
      values[k] = signal[t]!;
    });
  }
  return smoothed;
}

function cornersOf({ corners }: LinearShapes, coefficients: Float64Array): Float64Array {
  const constant = 4 * coefficients.length;
  const result = Float64Array.from(corners.subarray(constant, constant + 4));
  coefficients.forEach((value, k) => {
    for (let j = 0; j < 4; j++) result[j]! += value * corners[4 * k + j]!;
  });
  return result;
}

/** Points of the square around the mean ventricle that are nearer to its wall than to the valve's side: 1 there. */
function wallOf({ mean, side }: LinearShapes): Uint8Array {
  const points = side * side;
  const wall = new Uint8Array(points);
  const rest = new Uint8Array(points);
  for (let i = 0; i < points; i++) {
    const [ventricle, epicardium] = [mean[i]!, mean[points + i]!];
    wall[i] = Number(epicardium < 0 && ventricle > 0);
    rest[i] = Number(epicardium >= 0 && ventricle >= 0);
  }
  const toWall = signedDistanceMm(wall, side, side, [1, 1]);
  const toRest = signedDistanceMm(rest, side, side, [1, 1]);
  return wall.map((_, i) => Number(toWall[i]! < toRest[i]! || toWall[i]! <= 1));
}

function shapeFrom(
  { mean, directions, side }: LinearShapes,
  coefficients: Float64Array,
  detail: Float64Array,
  wall: Uint8Array,
): Float32Array {
  const count = coefficients.length;
  const shape = mean.map((value, i) => value + detail[i]!);
  for (let i = 0; i < shape.length; i++)
    for (let k = 0; k < count; k++) shape[i]! += directions[i * count + k]! * coefficients[k]!;
  const points = side * side;
  for (let i = 0; i < points; i++) {
    if (wall[i] !== 0) shape[points + i] = Math.min(shape[points + i]!, shape[i]! - LEAST_WALL);
  }
  return shape;
}
