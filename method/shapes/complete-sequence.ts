/**
 * Torn walls, holes and jumps of a segmentation completed by the linear shape model (method.md 4.4): each frame gets
 * the likely shape that most of its borders agree with, smooth over time, with a straight base.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { CompletionConfig } from '../../contracts/run-config.ts';
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import { signedDistanceMm } from '../../imaging/distance-map.ts';
import { gaussianFilter1d } from '../../imaging/gaussian.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import type { LinearShapes } from './linear-shapes.ts';
import { type Placement, placementOf } from './placement.ts';
import { inSquare, type SquarePosition, shapeOf, valueAt } from './shape-square.ts';

/** Rounds of weighing borders by how far they are from the shape that fits them. */
const ROUNDS = 8;
/** Points whose distances differ less between shapes, in units, say nothing of coefficients. */
const LEAST_DEVIATION = 0.01;
/** A wall is at least so thick, in units of the placement (some 2.5 mm). */
const LEAST_WALL = 0.06;
/** Samples of a pixel along each axis: it gets the label that most of it has. */
const SAMPLES = 3;

/**
 * The completed segmentation, on the same grid. Frames without a ventricle get the shape that their neighbours suggest;
 * a video without any is cleaned only.
 */
export function completeSequence(
  model: LinearShapes,
  video: LabelVideo,
  config: CompletionConfig,
): LabelVideo {
  const placement = placementOf(video);
  if (!placement) return cleanVideo(video);
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

/** What a frame's shape is made of. */
interface FittedShape {
  readonly coefficients: Float64Array;
  /** What the shape has beside them, where they and the segmentation hardly differ, [2, side, side]. */
  readonly detail: Float32Array;
}

/** Of every frame; frames without a ventricle lie between their neighbours. */
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
    if (!frame.includes(LEFT_VENTRICLE)) continue;
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

/**
 * The most likely coefficients of a shape: least squares with a Gaussian prior, in rounds in which points count as
 * (1 + (residual / outlierDistance)^2)^-2 (Geman and McClure).
 */
function robustFit(
  model: LinearShapes,
  points: Int32Array,
  shape: Float32Array,
  { outlierDistance, priorWeight }: CompletionConfig,
): FittedShape {
  const { mean, directions, variances } = model;
  const detail = new Float32Array(mean.length);
  const weights = new Float64Array(mean.length).fill(1);
  let coefficients: Float64Array = new Float64Array(variances.length);
  for (let round = 0; round < ROUNDS; round++) {
    const { normal, right } = normalEquations(model, points, shape, weights);
    coefficients = solved(normal, right, (k) => priorWeight / variances[k]!);
    for (let i = 0; i < mean.length; i++) {
      let residual = shape[i]! - mean[i]!;
      for (let k = 0; k < variances.length; k++)
        residual -= directions[i * variances.length + k]! * coefficients[k]!;
      weights[i] = (1 + (residual / outlierDistance) ** 2) ** -2;
      detail[i] = weights[i]! * residual;
    }
  }
  return { coefficients, detail };
}

/** Points in which shapes differ, by a standard deviation of at least `LEAST_DEVIATION`. */
function tellingPoints({ mean, directions, variances }: LinearShapes): Int32Array {
  const count = variances.length;
  const variance = (i: number) =>
    variances.reduce((sum, value, k) => sum + value * directions[i * count + k]! ** 2, 0);
  return Int32Array.from(mean.keys()).filter((i) => variance(i) >= LEAST_DEVIATION ** 2);
}

/** Weighted least squares over these points: the lower triangle of the matrix, row by row, and the right side. */
function normalEquations(
  { mean, directions, variances }: LinearShapes,
  points: Int32Array,
  shape: Float32Array,
  weights: Float64Array,
): { normal: Float64Array; right: Float64Array } {
  const count = variances.length;
  const normal = new Float64Array((count * (count + 1)) / 2);
  const right = new Float64Array(count);
  const row = new Float64Array(count);
  for (const i of points) {
    for (let k = 0; k < count; k++) row[k] = directions[i * count + k]!;
    const residual = shape[i]! - mean[i]!;
    let at = 0;
    for (let a = 0; a < count; a++) {
      const weighted = weights[i]! * row[a]!;
      right[a]! += weighted * residual;
      for (let b = 0; b <= a; b++) normal[at++]! += weighted * row[b]!;
    }
  }
  return { normal, right };
}

/** Solves (normal + diagonal) x = right; `normal` is symmetric, its lower triangle row by row. */
function solved(normal: Float64Array, right: Float64Array, diagonal: (k: number) => number): Float64Array {
  const count = right.length;
  const matrix = Matrix.zeros(count, count);
  let at = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      const value = normal[at++]! + (a === b ? diagonal(a) : 0);
      matrix.set(a, b, value);
      matrix.set(b, a, value);
    }
  }
  const solution = new CholeskyDecomposition(matrix).solve(Matrix.columnVector(right));
  return Float64Array.from(solution.to1DArray());
}

function smoothedOverTime(frames: readonly (Float64Array | Float32Array)[], sigma: number): Float64Array[] {
  if (sigma <= 0 || frames.length < 2) return frames.map((values) => Float64Array.from(values));
  const smoothed = frames.map((values) => new Float64Array(values.length));
  for (let k = 0; k < frames[0]!.length; k++) {
    const signal = gaussianFilter1d(
      Float64Array.from(frames, (values) => values[k]!),
      sigma,
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

interface Drawing {
  /** [2, side, side]. */
  readonly shape: Float32Array;
  /** Left [along, across], then right. */
  readonly corners: Float64Array;
  readonly side: number;
}

/**
 * Labels of a frame, [rows, columns] written into `target`: each pixel has the one that most of its samples have, and
 * nothing lies below the base. A pixel far from every border is the same all over.
 */
function drawFrame(drawing: Drawing, grid: LabelVideo, placement: Placement, target: Uint8Array): void {
  const { rows, columns, spacingMm } = grid;
  const pixelUnits = Math.hypot(...spacingMm) / placement.unitMm;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const middle = whatLies(drawing, inSquare(row, column, grid, placement));
      const crossed = middle.fromBorder < pixelUnits;
      target[row * columns + column] = crossed
        ? sampledLabel(drawing, row, column, grid, placement)
        : middle.label;
    }
  }
}

function sampledLabel(
  drawing: Drawing,
  row: number,
  column: number,
  grid: LabelVideo,
  placement: Placement,
): number {
  const counts = [0, 0, 0];
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const down = (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES - 0.5;
    const right = ((sample % SAMPLES) + 0.5) / SAMPLES - 0.5;
    counts[whatLies(drawing, inSquare(row + down, column + right, grid, placement)).label]!++;
  }
  const half = (SAMPLES * SAMPLES) / 2;
  if (counts[LEFT_VENTRICLE]! > half) return LEFT_VENTRICLE;
  return counts[LEFT_VENTRICLE]! + counts[MYOCARDIUM]! > half ? MYOCARDIUM : BACKGROUND;
}

interface WhatLies {
  readonly label: number;
  /** About how far the nearest border is, in units. */
  readonly fromBorder: number;
}

function whatLies({ shape, corners, side }: Drawing, position: SquarePosition): WhatLies {
  const [leftAlong, leftAcross, rightAlong, rightAcross] = corners as unknown as [
    number,
    number,
    number,
    number,
  ];
  const width = Math.hypot(rightAlong - leftAlong, rightAcross - leftAcross);
  const belowBase =
    ((position.along - leftAlong) * (rightAcross - leftAcross) -
      (position.across - leftAcross) * (rightAlong - leftAlong)) /
    width;
  const points = side * side;
  const fromVentricle = valueAt(shape.subarray(0, points), side, position);
  const fromEpicardium = valueAt(shape.subarray(points), side, position);
  const fromBorder = Math.min(Math.abs(belowBase), Math.abs(fromVentricle), Math.abs(fromEpicardium));
  if (belowBase >= 0) return { label: BACKGROUND, fromBorder };
  if (fromVentricle < 0) return { label: LEFT_VENTRICLE, fromBorder };
  return { label: fromEpicardium < 0 ? MYOCARDIUM : BACKGROUND, fromBorder };
}
