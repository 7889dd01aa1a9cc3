/**
 * Two files of one picture may store it differently: mirrored, transposed, frames reversed. Their affines say where
 * each pixel lies in the patient; this file brings a mask onto the grid of another file, or refuses where the two do
 * not lie on one grid.
 */
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo, LabelVideo, VideoGeometry } from './image.ts';

export type Vector = readonly [number, number, number];

/** Steps of one pixel along each axis of a file, and the place of its first pixel, in one spatial unit. */
export interface Affine {
  readonly column: Vector;
  readonly row: Vector;
  /** Undefined where the third axis is not that of the frames. */
  readonly third: Vector | undefined;
  readonly origin: Vector;
}

/** How a mask is read to lie on another grid. */
interface Reordering {
  readonly transposed: boolean;
  readonly rowsReversed: boolean;
  readonly columnsReversed: boolean;
  readonly framesReversed: boolean;
}

/** Cosine from which two axes point along one line: headers round, scanners tilt by less. */
const SAME_LINE = 0.999;

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Cosine of the angle between two steps; 0 when one of them has no length. */
function cosine(a: Vector, b: Vector): number {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths > 0 ? dot(a, b) / lengths : 0;
}

/** The reordering that turns the axes of `mask` into those of `target`; undefined when they are not the same lines. */
function reorderingBetween(mask: Affine, target: Affine): Reordering | undefined {
  const along = cosine(mask.column, target.column);
  const across = cosine(mask.column, target.row);
  const transposed = Math.abs(across) > Math.abs(along);
  const ofColumns = transposed ? cosine(mask.row, target.column) : along;
  const ofRows = transposed ? across : cosine(mask.row, target.row);
  if (Math.min(Math.abs(ofColumns), Math.abs(ofRows)) < SAME_LINE) return undefined;
  const ofFrames = mask.third && target.third ? cosine(mask.third, target.third) : 1;
  return {
    transposed,
    columnsReversed: ofColumns < 0,
    rowsReversed: ofRows < 0,
    framesReversed: ofFrames < -SAME_LINE,
  };
}

/** Where the pixel that `target` calls first lies in the patient, by the affine of the mask. */
function firstPixel(mask: VideoGeometry, affine: Affine, order: Reordering): Vector {
  const ofColumnAxis = order.transposed ? order.rowsReversed : order.columnsReversed;
  const ofRowAxis = order.transposed ? order.columnsReversed : order.rowsReversed;
  const columns = ofColumnAxis ? mask.columns - 1 : 0;
  const rows = ofRowAxis ? mask.rows - 1 : 0;
  const at = (i: 0 | 1 | 2) => affine.origin[i] + columns * affine.column[i] + rows * affine.row[i];
  return [at(0), at(1), at(2)];
}

function liesElsewhere(first: Vector, target: Affine): boolean {
  const offset = [0, 1, 2].map((i) => first[i]! - target.origin[i]!) as unknown as Vector;
  return [target.column, target.row].some(
    (step) => Math.abs(dot(offset, step)) > 0.5 * dot(step, step) + 1e-9,
  );
}

/** Place `i` of an axis, counted from its other end when that is reversed. */
function counted(i: number, size: number, isReversed: boolean): number {
  return isReversed ? size - 1 - i : i;
}

function reorderedPixels<Pixels extends Uint8Array | Float32Array>(
  from: Pixels,
  stored: VideoGeometry,
  order: Reordering,
  to: Pixels,
): Pixels {
  const { frames } = stored;
  const { rows, columns } = reorderedGrid(stored, order);
  let target = 0;
  for (let t = 0; t < frames; t++) {
    const frame = counted(t, frames, order.framesReversed) * stored.rows * stored.columns;
    for (let r = 0; r < rows; r++) {
      const row = counted(r, rows, order.rowsReversed);
      for (let c = 0; c < columns; c++) {
        const column = counted(c, columns, order.columnsReversed);
        const place = order.transposed ? column * stored.columns + row : row * stored.columns + column;
        to[target++] = from[frame + place]!;
      }
    }
  }
  return to;
}

function reorderedGrid<Grid extends VideoGeometry>(stored: Grid, order: Reordering): Grid {
  if (!order.transposed) return stored;
  const [rowMm, columnMm] = stored.spacingMm;
  return { ...stored, rows: stored.columns, columns: stored.rows, spacingMm: [columnMm, rowMm] };
}

/** A file that is brought onto the grid of another one. */
export interface Placed<Video> {
  readonly video: Video;
  readonly affine: Affine | undefined;
  /** For messages. */
  readonly name: string;
}

/** @throws GeometryMismatch as alignLabels says; undefined when the stored order is that of the target already */
function orderOnto(
  { video, affine, name }: Placed<VideoGeometry>,
  target: VideoGeometry,
  targetAffine: Affine | undefined,
): Reordering | undefined {
  if (affine === undefined || targetAffine === undefined) return undefined;
  const order = reorderingBetween(affine, targetAffine);
  if (order === undefined) {
    throw new DomainError(
      'GeometryMismatch',
      `${name}: expected axes along those of its video, found them turned against each other. Export both on one grid.`,
    );
  }
  if (!Object.values(order).some(Boolean)) return undefined;
  if (liesElsewhere(firstPixel(video, affine, order), targetAffine)) {
    const found = [
      order.transposed && 'rows and columns swapped',
      order.columnsReversed && 'columns reversed',
      order.rowsReversed && 'rows reversed',
      order.framesReversed && 'frames reversed',
    ].filter((part) => part !== false);
    throw new DomainError(
      'GeometryMismatch',
      `${name}: expected the grid of its video (${target.rows} x ${target.columns} pixels), found an affine with ${found.join(', ')} ` +
        "that lies in another place, so that it is unclear which pixels belong together. Write the video's affine into the file.",
    );
  }
  return order;
}

/**
 * The mask with the pixel order of `target`, by the affines of both files. Where one of them states no affine, or
 * both state the same directions, the stored order is taken as it is: where the origin lies does not matter for a
 * picture without a place in a room.
 * @throws GeometryMismatch when the axes are not the same lines, or are turned about and do not lie in the same place
 */
export function alignLabels(
  mask: Placed<LabelVideo>,
  target: VideoGeometry,
  targetAffine: Affine | undefined,
): LabelVideo {
  const { video } = mask;
  const order = orderOnto(mask, target, targetAffine);
  if (order === undefined) return video;
  const labels = reorderedPixels(video.labels, video, order, new Uint8Array(video.labels.length));
  const annotatedFrames = order.framesReversed
    ? video.annotatedFrames?.map((frame) => video.frames - 1 - frame).reverse()
    : video.annotatedFrames;
  return { ...reorderedGrid(video, order), labels, ...(annotatedFrames && { annotatedFrames }) };
}

/** `alignLabels` for a map of numbers. */
export function alignGrey(
  map: Placed<GreyVideo>,
  target: VideoGeometry,
  targetAffine: Affine | undefined,
): GreyVideo {
  const { video } = map;
  const order = orderOnto(map, target, targetAffine);
  if (order === undefined) return video;
  const size = video.intensities.length;
  const intensities = reorderedPixels(video.intensities, video, order, new Float32Array(size));
  return { ...reorderedGrid(video, order), intensities };
}
