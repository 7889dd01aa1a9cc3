/**
 * Landmarks of the left ventricle (method.md 9.4): the two corners of its base, which stand for the mitral valve
 * commissures, and its apex; base width, length and endocardial contour length follow from them.
 */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { gaussianFilter1d } from '../imaging/gaussian.ts';
import { type LabelFrame, type LabelVideo, labelFrame } from '../imaging/image.ts';
import { type Contour, firstContour } from './contour.ts';
import { findPeaks } from './peaks.ts';

/** A position in pixels as [row, column]. */
export type Point = readonly [number, number];

export interface BaseCorners {
  readonly left: Point;
  readonly right: Point;
}

/** Standard deviation of the smoothing of the polar profile, as a share of the points of the contour. */
const POLAR_SMOOTHING = 0.05;

const ALL_LABELS = (1 << BACKGROUND) | (1 << LEFT_VENTRICLE) | (1 << MYOCARDIUM);

/** Left ventricle pixels with both other labels among their eight neighbours, in scan order. */
function hingePixels(frame: LabelFrame): Point[] {
  const { labels, rows, columns } = frame;
  const found: Point[] = [];
  const first = labels.indexOf(LEFT_VENTRICLE);
  if (first < 0) return found;
  const bottom = Math.floor(labels.lastIndexOf(LEFT_VENTRICLE) / columns);
  for (let r = Math.floor(first / columns); r <= bottom; r++) {
    const here = r * columns;
    const above = r > 0 ? here - columns : here;
    const below = r < rows - 1 ? here + columns : here;
    // The labels, as bits, of the three pixels in the columns before, at and after the pixel.
    let before = 0;
    let at = (1 << labels[above]!) | (1 << labels[here]!) | (1 << labels[below]!);
    for (let c = 0; c < columns; c++) {
      const next = c + 1;
      const after =
        next < columns
          ? (1 << labels[above + next]!) | (1 << labels[here + next]!) | (1 << labels[below + next]!)
          : 0;
      if ((before | at | after) === ALL_LABELS && labels[here + c] === LEFT_VENTRICLE) found.push([r, c]);
      before = at;
      at = after;
    }
  }
  return found;
}

/** First of the points with the greatest (`sign` 1) or smallest (-1) row. */
function extremeRow(points: readonly Point[], sign: 1 | -1): Point {
  let best = points[0]!;
  for (const point of points) if (sign * point[0] > sign * best[0]) best = point;
  return best;
}

/**
 * Corners of the base of the left ventricle in pixels, or undefined when fewer than two of its pixels touch both
 * myocardium and background.
 */
export function leftVentricleBase(frame: LabelFrame): BaseCorners | undefined {
  const hinges = hingePixels(frame);
  if (hinges.length < 2) return undefined;
  let rowSum = 0;
  let columnSum = 0;
  for (const [row, column] of hinges) {
    rowSum += row;
    columnSum += column;
  }
  const meanRow = rowSum / hinges.length;
  const meanColumn = columnSum / hinges.length;
  if (hinges.every((point) => point[1] === meanColumn)) {
    const lower = hinges.filter((point) => point[0] > meanRow);
    const upper = hinges.filter((point) => point[0] <= meanRow);
    return { left: extremeRow(lower, -1), right: extremeRow(upper, 1) };
  }
  const left = hinges.filter((point) => point[1] < meanColumn);
  const right = hinges.filter((point) => point[1] >= meanColumn);
  return { left: extremeRow(left, 1), right: extremeRow(right, 1) };
}

/** The base corners of every frame of a segmentation. */
export function baseCorners(video: LabelVideo): (BaseCorners | undefined)[] {
  return Array.from({ length: video.frames }, (_, t) => leftVentricleBase(labelFrame(video, t)));
}

/** First contour of the left ventricle, or undefined when it has none. */
export function endocardialContour(frame: LabelFrame): Contour | undefined {
  return firstContour(frame.labels, frame.rows, frame.columns, LEFT_VENTRICLE);
}

/** Mean position of the ventricle's pixels, which there must be. */
export function centreOfVentricle(frame: LabelFrame): Point {
  const { labels, columns } = frame;
  let count = 0;
  let rowSum = 0;
  let columnSum = 0;
  const top = Math.floor(labels.indexOf(LEFT_VENTRICLE) / columns);
  const bottom = Math.floor(labels.lastIndexOf(LEFT_VENTRICLE) / columns);
  for (let r = top; r <= bottom; r++) {
    const offset = r * columns;
    for (let c = 0; c < columns; c++) {
      if (labels[offset + c] !== LEFT_VENTRICLE) continue;
      count++;
      rowSum += r;
      columnSum += c;
    }
  }
  return [rowSum / count, columnSum / count];
}

/**
 * Apex in pixels (sub-pixel): the farthest peak above the centroid of the contour's smoothed distance profile.
 * Undefined when there is no contour or no such peak. `contour` is that of `endocardialContour`.
 */
export function leftVentricleApex(
  frame: LabelFrame,
  contour: Contour | undefined = endocardialContour(frame),
): Point | undefined {
  if (contour === undefined) return undefined;
  const [centreRow, centreColumn] = centreOfVentricle(frame);
  const count = contour.row.length;
  const angle = new Float64Array(count);
  const radius = new Float64Array(count);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const y = contour.row[i]! - centreRow;
    const x = contour.column[i]! - centreColumn;
    angle[i] = Math.atan2(y, x);
    radius[i] = Math.sqrt(x * x + y * y);
    order[i] = i;
  }
  order.sort((a, b) => angle[a]! - angle[b]! || a - b);
  const profile = gaussianFilter1d(
    Float64Array.from(order, (i) => radius[i]!),
    count * POLAR_SMOOTHING,
  );
  let best = -1;
  for (const peak of findPeaks(profile, { height: 0 })) {
    // Rows grow downwards, so negative angles are the upper half.
    if (angle[order[peak]!]! < 0 && (best < 0 || profile[peak]! > profile[best]!)) best = peak;
  }
  if (best < 0) return undefined;
  return [contour.row[order[best]!]!, contour.column[order[best]!]!];
}

/** Distance in mm between two positions in pixels. */
export function distanceMm(a: Point, b: Point, spacingMm: readonly [number, number]): number {
  const rows = (a[0] - b[0]) * spacingMm[0];
  const columns = (a[1] - b[1]) * spacingMm[1];
  return Math.sqrt(rows * rows + columns * columns);
}

/** Width of the base in mm. */
export function baseWidthMm(base: BaseCorners, spacingMm: readonly [number, number]): number {
  return distanceMm(base.left, base.right, spacingMm);
}

/** Middle of the base in pixels. */
export function baseMidpoint(base: BaseCorners): Point {
  return [(base.left[0] + base.right[0]) / 2, (base.left[1] + base.right[1]) / 2];
}

/** Length of the ventricle in mm, from the middle of the base to the apex. */
export function ventricleLengthMm(
  base: BaseCorners,
  apex: Point,
  spacingMm: readonly [number, number],
): number {
  return distanceMm(apex, baseMidpoint(base), spacingMm);
}

/** Steps along the contour from point `start` to the point nearest to a position, in pixels; the first on ties. */
function stepsToNearest(contour: Contour, start: number, point: Point): number {
  const count = contour.row.length;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const i = (start + k) % count;
    const y = contour.row[i]! - point[0];
    const x = contour.column[i]! - point[1];
    const away = Math.sqrt(x * x + y * y);
    if (away < least) {
      least = away;
      best = k;
    }
  }
  return best;
}

/** Length in mm of the endocardial contour from the left corner of the base over the apex to the right corner. */
export function endocardialLengthMm(
  contour: Contour,
  base: BaseCorners,
  spacingMm: readonly [number, number],
): number {
  const count = contour.row.length;
  const from = stepsToNearest(contour, 0, base.left);
  const steps = stepsToNearest(contour, from, base.right);
  let length = 0;
  for (let k = 0; k < steps; k++) {
    const i = (from + k) % count;
    const j = (from + k + 1) % count;
    length += distanceMm(
      [contour.row[i]!, contour.column[i]!],
      [contour.row[j]!, contour.column[j]!],
      spacingMm,
    );
  }
  return length;
}
