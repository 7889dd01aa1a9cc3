/**
 * The thickness criterion of method.md 9.2: how many erosions split the myocardium, relative to its greatest depth.
 * Eroding k times by a 3 x 3 square keeps the pixels more than k chessboard steps from other labels, so one distance
 * map replaces the erosions. Dropping small pieces between erosions changes no later piece: a surviving pixel and its
 * 3 x 3 neighbourhood lie in one piece, and what is left of a small piece is small.
 */
import { MYOCARDIUM } from '../contracts/labels.ts';
import { type ComponentRuns, componentRuns } from '../imaging/components.ts';
import { distanceToBackground } from '../imaging/distance-transform.ts';
import type { LabelFrame } from '../imaging/image.ts';

/** The myocardium with a margin of one pixel where the image has one, so that every nearest other pixel is inside. */
interface Crop {
  readonly rows: number;
  readonly columns: number;
  /** 1 where the pixel is myocardium. */
  readonly inside: Uint8Array;
}

function cropAround(frame: LabelFrame, myo: ComponentRuns): Crop {
  let left = frame.columns;
  let right = -1;
  for (let i = 0; i < myo.runs; i++) {
    if (myo.start[i]! < left) left = myo.start[i]!;
    if (myo.end[i]! - 1 > right) right = myo.end[i]! - 1;
  }
  const top = Math.max(0, myo.row[0]! - 1);
  const bottom = Math.min(frame.rows - 1, myo.row[myo.runs - 1]! + 1);
  left = Math.max(0, left - 1);
  right = Math.min(frame.columns - 1, right + 1);
  const rows = bottom - top + 1;
  const columns = right - left + 1;
  const inside = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const from = (top + r) * frame.columns + left;
    for (let c = 0; c < columns; c++) {
      if (frame.labels[from + c] === MYOCARDIUM) inside[r * columns + c] = 1;
    }
  }
  return { rows, columns, inside };
}

/**
 * Chessboard distance of the myocardium to other pixels, by one sweep forward and one back. Beyond the crop counts as structure,
 * as in the reference, whose erosion does not eat from the edge of the image.
 */
function chessboardDistance(crop: Crop): Uint16Array {
  const { rows, columns, inside } = crop;
  const width = columns + 2;
  const distance = new Uint16Array((rows + 2) * width).fill(0xffff);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const i = (r + 1) * width + c + 1;
      if (inside[r * columns + c] === 0) {
        distance[i] = 0;
        continue;
      }
      const near = Math.min(
        distance[i - width - 1]!,
        distance[i - width]!,
        distance[i - width + 1]!,
        distance[i - 1]!,
      );
      distance[i] = near === 0xffff ? near : near + 1;
    }
  }
  for (let r = rows; r >= 1; r--) {
    for (let c = columns; c >= 1; c--) {
      const i = r * width + c;
      const near = Math.min(
        distance[i + width + 1]!,
        distance[i + width]!,
        distance[i + width - 1]!,
        distance[i + 1]!,
      );
      if (near < distance[i]!) distance[i] = near + 1;
    }
  }
  const depth = new Uint16Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    depth.set(distance.subarray((r + 1) * width + 1, (r + 1) * width + 1 + columns), r * columns);
  }
  return depth;
}

/**
 * Pieces (8-connected) among the pixels in `members`, after dropping 4-connected pieces of fewer than `small` pixels.
 */
function piecesWithoutSmall(
  levels: Uint8Array,
  rows: number,
  columns: number,
  members: Uint8Array,
  small: number,
): number {
  const parts = componentRuns(levels, rows, columns, 4, members);
  let kept = 0;
  for (let name = 1; name <= parts.components; name++) if (parts.sizes[name]! >= small) kept++;
  // Only several large pieces can still touch at corners.
  if (kept < 2) return kept;
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < parts.runs; i++) {
    if (parts.sizes[parts.label[i]!]! < small) continue;
    const offset = parts.row[i]! * columns;
    mask.fill(1, offset + parts.start[i]!, offset + parts.end[i]!);
  }
  return componentRuns(mask, rows, columns, 8).components;
}

/** The depths from `base` on as bytes, cut at 255, so that a table can say which are deep enough. */
function depthLevels(depth: Uint16Array, base: number): Uint8Array {
  const levels = new Uint8Array(depth.length);
  for (let i = 0; i < depth.length; i++) levels[i] = Math.min(255, Math.max(0, depth[i]! - base));
  return levels;
}

/**
 * Erosions until the myocardium is no longer exactly one 8-connected piece, over its greatest Euclidean distance to
 * other pixels. 0 when it is in pieces from the start; NaN when absent, or when it fills the frame. `myo` are the
 * 8-connected components of the myocardium of `frame`; pieces under `small` pixels do not count after an erosion.
 */
export function erosionRatioBeforeSplit(frame: LabelFrame, myo: ComponentRuns, small: number): number {
  if (myo.components === 0) return Number.NaN;
  if (myo.components > 1) return 0;
  const crop = cropAround(frame, myo);
  const { rows, columns, inside } = crop;
  if (!inside.includes(0)) return Number.NaN;

  const distances = distanceToBackground(inside, rows, columns);
  let deepest = 0;
  for (let i = 0; i < distances.length; i++) if (distances[i]! > deepest) deepest = distances[i]!;

  const depth = chessboardDistance(crop);
  const members = new Uint8Array(256);
  let base = 0;
  let levels = depthLevels(depth, base);
  let erosions = 0;
  let pieces = 1;
  while (pieces === 1) {
    erosions++;
    if (erosions - base === 255) {
      base = erosions - 1;
      levels = depthLevels(depth, base);
    }
    members.fill(0).fill(1, erosions - base + 1);
    pieces = piecesWithoutSmall(levels, rows, columns, members, small);
  }
  return erosions / deepest;
}
