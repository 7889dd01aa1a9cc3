/**
 * The label of the landmark reward (method.md 5.2): where a segmentation places the corners of the base of the left
 * ventricle wrong, measured against a true one. Pure functions of label maps.
 */

import { gaussianFilter2d } from '../../imaging/gaussian.ts';
import type { LabelFrame, LabelVideo } from '../../imaging/image.ts';
import { labelFrame } from '../../imaging/image.ts';
import { keepLargestForeground } from '../../imaging/morphology.ts';
import { requireSameGrid } from '../../metrics/hausdorff.ts';
import { type BaseCorners, distanceMm, leftVentricleBase, type Point } from '../../metrics/landmarks.ts';
import { scaleToUnit } from './unit-range.ts';

/** Blur of a mistake in pixels of the published grid, for a mistake as long as the image is high. */
const BLUR_PER_HEIGHT = 200;
/** Pixel size of the published grid, mm (method.md 2). */
const PUBLISHED_SPACING_MM = 0.37;

/**
 * The label of a whole video, [frames, rows, columns] in [0, 1]: 1 where no corner is wrong, falling to 0 along the way
 * from each predicted corner to the true one where these are more than `mistakeMm` apart.
 *
 * A frame of the prediction that has no corners counts as wrong all along the true base (method.md 9.4 counts it as a
 * mistake). Undefined when the truth has a frame without corners: what is right there is not known.
 * @throws GeometryMismatch when the two are not on one grid.
 */
export function landmarkLabel(
  prediction: LabelVideo,
  truth: LabelVideo,
  mistakeMm: number,
): Float32Array | undefined {
  requireSameGrid(prediction, truth);
  const { frames, rows, columns } = truth;
  const pixels = rows * columns;
  const label = new Float32Array(frames * pixels).fill(1);
  for (let t = 0; t < frames; t++) {
    const corners = leftVentricleBase(labelFrame(truth, t));
    if (!corners) return undefined;
    const ofFrame = label.subarray(t * pixels, (t + 1) * pixels);
    for (const [from, to] of mistakesOf(labelFrame(prediction, t), corners, mistakeMm)) {
      lowerAlong(ofFrame, truth, from, to);
    }
  }
  return label;
}

/** The ways from predicted to true corners that are longer than allowed. */
function mistakesOf(prediction: LabelFrame, corners: BaseCorners, mistakeMm: number): [Point, Point][] {
  const { rows, columns, labels } = prediction;
  const predicted = leftVentricleBase({
    ...prediction,
    labels: keepLargestForeground(labels, rows, columns),
  });
  if (!predicted) return [[corners.left, corners.right]];
  const ways: [Point, Point][] = [
    [predicted.left, corners.left],
    [predicted.right, corners.right],
  ];
  return ways.filter(([from, to]) => distanceMm(from, to, prediction.spacingMm) > mistakeMm);
}

/**
 * Lowers the label of one frame to 1 minus the blurred segment, which is scaled to [0, 1], where it is higher than
 * that.
 */
function lowerAlong(
  label: Float32Array,
  { rows, columns, spacingMm }: Pick<LabelVideo, 'rows' | 'columns' | 'spacingMm'>,
  from: Point,
  to: Point,
): void {
  const length = Math.hypot(from[0] - to[0], from[1] - to[1]);
  // On another grid than the published one the blur covers the same millimetres.
  const sigma = (BLUR_PER_HEIGHT * length * PUBLISHED_SPACING_MM) / (rows * spacingMm[0]);
  // The blur ends at four standard deviations, so the rest of the frame need not be computed.
  const margin = Math.ceil(4 * sigma) + 2;
  const top = Math.max(0, Math.min(from[0], to[0]) - margin);
  const left = Math.max(0, Math.min(from[1], to[1]) - margin);
  const height = Math.min(rows, Math.max(from[0], to[0]) + margin + 1) - top;
  const width = Math.min(columns, Math.max(from[1], to[1]) + margin + 1) - left;
  const drawn = new Float64Array(height * width);
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const away = distanceToSegment(r + top, c + left, from, to);
      if (away < 1) drawn[r * width + c] = 1 - away;
    }
  }
  const error = new Float64Array(drawn.length);
  scaleToUnit(gaussianFilter2d(drawn, height, width, sigma), error);
  for (let r = 0; r < height; r++) {
    const offset = (r + top) * columns + left;
    for (let c = 0; c < width; c++) {
      const right = 1 - error[r * width + c]!;
      if (right < label[offset + c]!) label[offset + c] = right;
    }
  }
}

/** Distance in pixels of a position to the nearest point of a segment. */
function distanceToSegment(row: number, column: number, from: Point, to: Point): number {
  const [rows, columns] = [to[0] - from[0], to[1] - from[1]];
  const along = (row - from[0]) * rows + (column - from[1]) * columns;
  const share = Math.min(1, Math.max(0, along / (rows * rows + columns * columns)));
  return Math.hypot(row - from[0] - share * rows, column - from[1] - share * columns);
}
