/**
 * The thickness criterion of method.md 9.2: how many erosions split the myocardium, relative to its greatest depth.
 * Eroding k times by a 3 x 3 square keeps the pixels more than k chessboard steps from other labels, so one distance
 * map replaces the erosions, and adding pixels from the deepest to the shallowest counts the pieces after every number
 * of erosions in one pass. Dropping small pieces between erosions changes no later piece: a surviving pixel and its
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

/** Chessboard depth with one more pixel on each side, which holds no depth of its own. */
interface DepthMap {
  readonly rows: number;
  /** Of the map, two more than of the crop. */
  readonly width: number;
  readonly depth: Uint16Array;
  /** Positions of the myocardium in the map, the deepest first. */
  readonly order: Int32Array;
  readonly deepest: number;
}

const UNREACHED = 0xffff;

/**
 * Chessboard distance of the myocardium to other pixels, by one sweep forward and one back. Beyond the crop counts as structure,
 * as in the reference, whose erosion does not eat from the edge of the image. The crop must hold a pixel of another label.
 */
function chessboardDepth(crop: Crop): DepthMap {
  const { rows, columns, inside } = crop;
  const width = columns + 2;
  const depth = new Uint16Array((rows + 2) * width).fill(UNREACHED);
  let pixels = 0;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const i = (r + 1) * width + c + 1;
      if (inside[r * columns + c] === 0) {
        depth[i] = 0;
        continue;
      }
      pixels++;
      const above = i - width;
      const near = Math.min(depth[above - 1]!, depth[above]!, depth[above + 1]!, depth[i - 1]!);
      depth[i] = near === UNREACHED ? near : near + 1;
    }
  }
  let deepest = 0;
  for (let r = rows; r >= 1; r--) {
    for (let i = r * width + columns; i > r * width; i--) {
      if (depth[i] === 0) continue;
      const below = i + width;
      const near = Math.min(depth[below + 1]!, depth[below]!, depth[below - 1]!, depth[i + 1]!);
      if (near < depth[i]!) depth[i] = near + 1;
      if (depth[i]! > deepest) deepest = depth[i]!;
    }
  }

  // Counting sort: where the pixels of a depth begin, then each pixel to its place.
  const place = new Int32Array(deepest + 2);
  for (let r = 1; r <= rows; r++) {
    for (let i = r * width + 1; i <= r * width + columns; i++) if (depth[i] !== 0) place[depth[i]! - 1]!++;
  }
  for (let d = deepest - 1; d >= 0; d--) place[d]! += place[d + 1]!;
  const order = new Int32Array(pixels);
  for (let r = 1; r <= rows; r++) {
    for (let i = r * width + 1; i <= r * width + columns; i++) {
      if (depth[i] !== 0) order[place[depth[i]!]!++] = i;
    }
  }
  return { rows, width, depth, order, deepest };
}

/**
 * Greatest Euclidean distance of a pixel of the myocardium to another label, in pixels. A pixel of chessboard depth d is at
 * most sqrt(2) d away, so pixels are asked from the deepest on until no other can be deeper. Falls back on the whole
 * distance transform where that asks too much.
 */
function greatestDistance(map: DepthMap, crop: Crop): number {
  const { rows, width, depth, order } = map;
  const area = depth.length;
  const far = area;
  const up = new Int32Array(area).fill(far);
  for (let r = 1; r <= rows; r++) {
    for (let i = r * width + 1; i < (r + 1) * width - 1; i++) up[i] = depth[i] === 0 ? 0 : up[i - width]! + 1;
  }
  for (let r = rows - 1; r >= 1; r--) {
    for (let i = r * width + 1; i < (r + 1) * width - 1; i++) {
      const below = up[i + width]! + 1;
      if (below < up[i]!) up[i] = below;
    }
  }
  let greatest = 0;
  let cost = 0;
  for (const i of order) {
    if (2 * depth[i]! * depth[i]! <= greatest) break;
    const column = i % width;
    let best = up[i]! * up[i]!;
    for (let d = 1; d * d < best && best > greatest && d < width; d++) {
      cost++;
      if (column - d > 0) best = Math.min(best, d * d + up[i - d]! * up[i - d]!);
      if (column + d < width - 1) best = Math.min(best, d * d + up[i + d]! * up[i + d]!);
    }
    if (best > greatest) greatest = best;
    if (cost > 4 * area) return greatestOf(distanceToBackground(crop.inside, crop.rows, crop.columns));
  }
  return Math.sqrt(greatest);
}

function greatestOf(values: Float64Array): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > greatest) greatest = values[i]!;
  return greatest;
}

/**
 * 4-connected pieces of at least `small` pixels among the pixels deeper than k, at index k. A tree holds 0 where no pixel was
 * added yet, the negative size at the root of a piece, and the position of the parent elsewhere.
 */
function largePiecesByDepth(map: DepthMap, small: number): Int32Array {
  const { width, depth, order, deepest } = map;
  const tree = new Int32Array(depth.length);
  const rootOf = (pixel: number): number => {
    let root = pixel;
    while (tree[root]! > 0) root = tree[root]!;
    while (tree[pixel]! > 0) {
      const next = tree[pixel]!;
      tree[pixel] = root;
      pixel = next;
    }
    return root;
  };
  let large = 0;
  const join = (pixel: number, neighbour: number): void => {
    if (tree[neighbour] === 0) return;
    const a = rootOf(pixel);
    const b = rootOf(neighbour);
    if (a === b) return;
    const sizeA = -tree[a]!;
    const sizeB = -tree[b]!;
    const root = sizeA >= sizeB ? a : b;
    tree[root] = -(sizeA + sizeB);
    tree[root === a ? b : a] = root;
    large += Number(sizeA + sizeB >= small) - Number(sizeA >= small) - Number(sizeB >= small);
  };
  const pieces = new Int32Array(deepest);
  for (let n = 0; n < order.length; n++) {
    const i = order[n]!;
    tree[i] = -1;
    if (small <= 1) large++;
    join(i, i - 1);
    join(i, i + 1);
    join(i, i - width);
    join(i, i + width);
    // Overwritten until the last pixel of this depth is in.
    pieces[depth[i]! - 1] = large;
  }
  return pieces;
}

/** Pieces (8-connected) among the pixels deeper than `erosions`, without the 4-connected pieces of fewer than `small` pixels. */
function piecesWithoutSmall(map: DepthMap, erosions: number, small: number): number {
  const { rows, width, depth } = map;
  const mask = new Uint8Array((rows + 2) * width);
  for (const i of map.order) {
    if (depth[i]! <= erosions) break;
    mask[i] = 1;
  }
  const parts = componentRuns(mask, rows + 2, width, 4);
  for (let i = 0; i < parts.runs; i++) {
    if (parts.sizes[parts.label[i]!]! >= small) continue;
    const offset = parts.row[i]! * width;
    mask.fill(0, offset + parts.start[i]!, offset + parts.end[i]!);
  }
  return componentRuns(mask, rows + 2, width, 8).components;
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
  if (!crop.inside.includes(0)) return Number.NaN;
  const map = chessboardDepth(crop);
  const pieces = largePiecesByDepth(map, small);
  for (let erosions = 1; ; erosions++) {
    const large = erosions < map.deepest ? pieces[erosions]! : 0;
    if (large === 1) continue;
    // Only several large pieces can still touch at corners.
    if (large > 1 && piecesWithoutSmall(map, erosions, small) === 1) continue;
    return erosions / greatestDistance(map, crop);
  }
}
