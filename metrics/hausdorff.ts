/**
 * Maximum Hausdorff distance between the surfaces of two structures, exact and linear in pixels (method.md 9.1). A
 * surface pixel is a structure pixel with a 4-neighbour outside, the outside of the image included.
 */

import { DomainError } from '../contracts/errors.ts';
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../contracts/labels.ts';
import { type LabelFrame, type LabelVideo, labelFrame, type VideoGeometry } from '../imaging/image.ts';
import { foregroundBox } from './foreground-crop.ts';

/** Surface pixels in scan order, with their first and last column. */
export interface Surface {
  readonly count: number;
  readonly row: Int32Array;
  readonly column: Int32Array;
  readonly left: number;
  readonly right: number;
}

export interface FrameSurfaces {
  readonly lv: Surface;
  readonly myo: Surface;
  /** Left ventricle and myocardium together. */
  readonly epi: Surface;
}

/** Buffers that live from call to call, so that a video does not allocate per frame. */
class Scratch {
  positions: [Int32Array, Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];
  steps: Int32Array = new Int32Array(0);
  vertex: Int32Array = new Int32Array(0);
  from: Float64Array = new Float64Array(0);

  reservePixels(pixels: number): void {
    if (this.steps.length >= pixels) return;
    this.steps = new Int32Array(pixels);
    this.positions = [new Int32Array(pixels), new Int32Array(pixels), new Int32Array(pixels)];
  }

  reserveColumns(columns: number): void {
    if (this.vertex.length >= columns) return;
    this.vertex = new Int32Array(columns);
    this.from = new Float64Array(columns + 1);
  }
}

const scratch = new Scratch();

function surfaceOf(positions: Int32Array, count: number, columns: number): Surface {
  const row = new Int32Array(count);
  const column = new Int32Array(count);
  let left = columns;
  let right = -1;
  for (let i = 0; i < count; i++) {
    const position = positions[i]!;
    const c = position % columns;
    row[i] = (position - c) / columns;
    column[i] = c;
    if (c < left) left = c;
    if (c > right) right = c;
  }
  return { count, row, column, left, right };
}

/** Surfaces of the three structures of a frame, in one pass. */
export function frameSurfaces(frame: LabelFrame): FrameSurfaces {
  const { labels, rows, columns } = frame;
  scratch.reservePixels(rows * columns);
  const [ventricle, myocardium, epicardium] = scratch.positions;
  let lv = 0;
  let myo = 0;
  let epi = 0;
  const box = foregroundBox(frame) ?? { top: 0, bottom: -1, left: 0, right: -1 };
  for (let r = box.top; r <= box.bottom; r++) {
    const offset = r * columns;
    for (let c = box.left; c <= box.right; c++) {
      const i = offset + c;
      const label = labels[i]!;
      if (label === BACKGROUND) continue;
      const up = r > 0 ? labels[i - columns]! : BACKGROUND;
      const down = r < rows - 1 ? labels[i + columns]! : BACKGROUND;
      const before = c > 0 ? labels[i - 1]! : BACKGROUND;
      const after = c < columns - 1 ? labels[i + 1]! : BACKGROUND;
      if (up === label && down === label && before === label && after === label) continue;
      if (label === LEFT_VENTRICLE) ventricle[lv++] = i;
      else if (label === MYOCARDIUM) myocardium[myo++] = i;
      if (up === BACKGROUND || down === BACKGROUND || before === BACKGROUND || after === BACKGROUND) {
        epicardium[epi++] = i;
      }
    }
  }
  return {
    lv: surfaceOf(ventricle, lv, columns),
    myo: surfaceOf(myocardium, myo, columns),
    epi: surfaceOf(epicardium, epi, columns),
  };
}

/** The surfaces of every frame of a segmentation. */
export function videoSurfaces(video: LabelVideo): FrameSurfaces[] {
  return Array.from({ length: video.frames }, (_, t) => frameSurfaces(labelFrame(video, t)));
}

/** The surface that an empty structure counts as: one pixel at the image centre. */
function centrePixel(rows: number, columns: number): Surface {
  const column = Math.floor(columns / 2);
  return {
    count: 1,
    row: Int32Array.of(Math.floor(rows / 2)),
    column: Int32Array.of(column),
    left: column,
    right: column,
  };
}

const FAR = 1 << 20;

/**
 * Squared greatest distance from a pixel of `from` to its nearest pixel of `to`, at least `known`. Distances along
 * columns come from two sweeps; along a row they are searched outwards from each pixel, which is short when surfaces
 * are near each other, until that has cost as much as the sweeps; then rows are solved by lower envelopes.
 */
function directedSquared(
  from: Surface,
  to: Surface,
  spacing: readonly [number, number],
  known: number,
): number {
  const top = Math.min(from.row[0]!, to.row[0]!);
  const bottom = Math.max(from.row[from.count - 1]!, to.row[to.count - 1]!);
  const left = to.left;
  const width = to.right - left + 1;
  const height = bottom - top + 1;
  const area = width * height;
  scratch.reservePixels(area);
  scratch.reserveColumns(width);
  const { steps } = scratch;

  steps.fill(FAR, 0, area);
  for (let i = 0; i < to.count; i++) steps[(to.row[i]! - top) * width + to.column[i]! - left] = 0;
  for (let i = width; i < area; i++) {
    const above = steps[i - width]! + 1;
    if (above < steps[i]!) steps[i] = above;
  }
  for (let i = area - width - 1; i >= 0; i--) {
    const below = steps[i + width]! + 1;
    if (below < steps[i]!) steps[i] = below;
  }

  let greatest = known;
  let cost = 0;
  for (let first = 0; first < from.count; ) {
    const row = from.row[first]!;
    let end = first + 1;
    while (end < from.count && from.row[end] === row) end++;
    const offset = (row - top) * width;
    if (cost < area) {
      for (let i = first; i < end; i++) {
        const x = from.column[i]! - left;
        const nearest = nearestInRow(offset, width, x, spacing, greatest);
        if (nearest > greatest) greatest = nearest;
        cost += (2 * Math.sqrt(nearest)) / spacing[1] + 1;
      }
    } else {
      greatest = greatestInRow(from, first, end, left, offset, width, spacing, greatest);
    }
    first = end;
  }
  return greatest;
}

/** Squared distance from column `x` of a row to the nearest site; may stop early with any value up to `enough`. */
function nearestInRow(
  offset: number,
  width: number,
  x: number,
  spacing: readonly [number, number],
  enough: number,
): number {
  const { steps } = scratch;
  const [rowUnit, columnUnit] = [spacing[0] * spacing[0], spacing[1] * spacing[1]];
  let best = Number.POSITIVE_INFINITY;
  // Left of the image part that holds sites, or right of it, the search starts where the part starts.
  const reach = Math.max(x, width - 1 - x);
  for (let d = Math.max(0, -x, x - width + 1); d <= reach; d++) {
    const across = columnUnit * d * d;
    if (across >= best) break;
    if (x - d >= 0 && x - d < width) {
      const away = steps[offset + x - d]!;
      if (away < FAR) best = Math.min(best, across + rowUnit * away * away);
    }
    if (x + d < width && x + d >= 0) {
      const away = steps[offset + x + d]!;
      if (away < FAR) best = Math.min(best, across + rowUnit * away * away);
    }
    if (best <= enough) break;
  }
  return best;
}

/** The same for pixels first..end-1 of one row at once, by the lower envelope of the parabolas of its columns. */
function greatestInRow(
  from: Surface,
  first: number,
  end: number,
  left: number,
  offset: number,
  width: number,
  spacing: readonly [number, number],
  known: number,
): number {
  const { steps, vertex, from: starts } = scratch;
  const [rowUnit, columnUnit] = [spacing[0] * spacing[0], spacing[1] * spacing[1]];
  const heightOf = (column: number): number => rowUnit * steps[offset + column]! * steps[offset + column]!;
  let last = -1;
  for (let q = 0; q < width; q++) {
    if (steps[offset + q]! >= FAR) continue;
    let crossing = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const v = vertex[last]!;
      crossing = (heightOf(q) - heightOf(v)) / (2 * columnUnit * (q - v)) + 0.5 * (q + v);
      if (crossing > starts[last]!) break;
      last--;
      crossing = Number.NEGATIVE_INFINITY;
    }
    last++;
    vertex[last] = q;
    starts[last] = crossing;
  }
  let greatest = known;
  let k = 0;
  for (let i = first; i < end; i++) {
    const x = from.column[i]! - left;
    while (k < last && starts[k + 1]! < x) k++;
    const across = x - vertex[k]!;
    greatest = Math.max(greatest, heightOf(vertex[k]!) + columnUnit * across * across);
  }
  return greatest;
}

/**
 * Hausdorff distance between two surfaces in the unit of `spacing` ([row, column]), or undefined when either is empty.
 */
export function surfaceHausdorff(
  a: Surface,
  b: Surface,
  spacing: readonly [number, number],
): number | undefined {
  if (a.count === 0 || b.count === 0) return undefined;
  return Math.sqrt(directedSquared(b, a, spacing, directedSquared(a, b, spacing, 0)));
}

export interface HausdorffMm {
  readonly lv: number;
  readonly myo: number;
  readonly epi: number;
  /** Mean of left ventricle and epicardium (the paper's endocardium and epicardium). */
  readonly mean: number;
}

/**
 * Hausdorff distances in mm, averaged over frames; spacing is the prediction's. A structure that is empty in a frame,
 * in prediction or reference, counts as one pixel at the image centre there, so two empty ones have distance 0. The
 * surfaces of the prediction may be given where they are known.
 * @throws GeometryMismatch when frames, rows or columns differ.
 */
export function hausdorffMm(
  prediction: LabelVideo,
  reference: LabelVideo,
  predicted?: readonly FrameSurfaces[],
): HausdorffMm {
  requireSameGrid(prediction, reference);
  const sums = { lv: 0, myo: 0, epi: 0 };
  const centre = centrePixel(prediction.rows, prediction.columns);
  for (let t = 0; t < prediction.frames; t++) {
    const ours = predicted?.[t] ?? frameSurfaces(labelFrame(prediction, t));
    const theirs = frameSurfaces(labelFrame(reference, t));
    for (const name of ['lv', 'myo', 'epi'] as const) {
      const a = ours[name].count > 0 ? ours[name] : centre;
      const b = theirs[name].count > 0 ? theirs[name] : centre;
      sums[name] += surfaceHausdorff(a, b, prediction.spacingMm)! / prediction.frames;
    }
  }
  return { ...sums, mean: (sums.lv + sums.epi) / 2 };
}

/**
 * @param what the other one is called in the message.
 * @throws GeometryMismatch when the two do not lie on the same frames, rows and columns.
 */
export function requireSameGrid(prediction: VideoGeometry, other: VideoGeometry, what = 'reference'): void {
  const ours = `${prediction.frames} x ${prediction.rows} x ${prediction.columns}`;
  const theirs = `${other.frames} x ${other.rows} x ${other.columns}`;
  if (ours === theirs) return;
  throw new DomainError(
    'GeometryMismatch',
    `The prediction has ${ours} frames, rows and columns, the ${what} ${theirs}. ` +
      'Restore both to the grid of the original video before comparing.',
  );
}
