/**
 * A shape in numbers (method.md 4.4): how far every point of a square around the ventricle is from the borders of
 * ventricle and epicardium. Distances of two shapes can be added and averaged, which labels cannot.
 */
import { BACKGROUND, LEFT_VENTRICLE } from '../../ground/labels.ts';
import { signedDistanceMm } from '../../imaging/distance-map.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import type { Placement } from './placement.ts';

/** From the middle of the square to its edge, in the placement's units: the wall and room for what moves. */
const REACH = 2.3;
/** Distances are cut off here, in units: how far away something is says nothing of the shape. */
const FARTHEST = 0.7;

/** A grid of pixels; spacing in mm. */
export type PixelGrid = Pick<LabelVideo, 'rows' | 'columns' | 'spacingMm'>;

/**
 * Signed distances to the borders of the ventricle and of the epicardium (ventricle with myocardium) in units, negative
 * inside, shape [2, side, side]: down along the ventricle, then across.
 * @param frame labels [rows, columns]
 */
export function shapeOf(
  frame: Uint8Array,
  grid: PixelGrid,
  placement: Placement,
  side: number,
): Float32Array {
  const { rows, columns, spacingMm } = grid;
  const shape = new Float32Array(2 * side * side);
  const masks = [
    frame.map((label) => Number(label === LEFT_VENTRICLE)),
    frame.map((label) => Number(label !== BACKGROUND)),
  ];
  masks.forEach((mask, structure) => {
    const distances = signedDistanceMm(mask, rows, columns, spacingMm);
    const target = shape.subarray(structure * side * side, (structure + 1) * side * side);
    sampleSquare(distances, grid, placement, target);
  });
  return shape;
}

function sampleSquare(
  distancesMm: Float32Array,
  { rows, columns, spacingMm }: PixelGrid,
  { centreMm, unitMm, angle }: Placement,
  target: Float32Array,
): void {
  // No border anywhere: nothing of this structure in the frame, or nothing else.
  if (!Number.isFinite(distancesMm[0]!)) {
    target.fill(distancesMm[0]! > 0 ? FARTHEST : -FARTHEST);
    return;
  }
  const side = Math.sqrt(target.length);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < target.length; i++) {
    const along = atPoint(Math.floor(i / side), side);
    const across = atPoint(i % side, side);
    const row = (centreMm[0] + unitMm * (cos * along - sin * across)) / spacingMm[0];
    const column = (centreMm[1] + unitMm * (sin * along + cos * across)) / spacingMm[1];
    const distance = interpolated(distancesMm, rows, columns, row, column) / unitMm;
    target[i] = Math.min(FARTHEST, Math.max(-FARTHEST, distance));
  }
}

/** Where a point of the square's side lies, in units from the middle. */
function atPoint(point: number, side: number): number {
  return REACH * ((2 * point) / (side - 1) - 1);
}

/** A position on the image in the units of a placement. */
export interface SquarePosition {
  readonly along: number;
  readonly across: number;
}

/** Where a position on the image, in pixels (fractions too), lies in the square. */
export function inSquare(
  row: number,
  column: number,
  { spacingMm }: Pick<PixelGrid, 'spacingMm'>,
  { centreMm, unitMm, angle }: Placement,
): SquarePosition {
  const down = (row * spacingMm[0] - centreMm[0]) / unitMm;
  const right = (column * spacingMm[1] - centreMm[1]) / unitMm;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { along: cos * down + sin * right, across: cos * right - sin * down };
}

/** The value of a map on the square, [side, side], at a position; `FARTHEST` outside of the square. */
export function valueAt(map: Float32Array, side: number, { along, across }: SquarePosition): number {
  if (Math.abs(along) > REACH || Math.abs(across) > REACH) return FARTHEST;
  const scale = (side - 1) / 2;
  return interpolated(map, side, side, (along / REACH + 1) * scale, (across / REACH + 1) * scale);
}

/** Between four values in straight lines; the value at the edge beyond it. */
function interpolated(
  values: Float32Array,
  rows: number,
  columns: number,
  row: number,
  column: number,
): number {
  const r = Math.min(rows - 1, Math.max(0, row));
  const c = Math.min(columns - 1, Math.max(0, column));
  const [top, left] = [Math.floor(r), Math.floor(c)];
  const bottom = Math.min(rows - 1, top + 1);
  const right = Math.min(columns - 1, left + 1);
  const [down, across] = [r - top, c - left];
  const upper = values[top * columns + left]! * (1 - across) + values[top * columns + right]! * across;
  const lower = values[bottom * columns + left]! * (1 - across) + values[bottom * columns + right]! * across;
  return upper * (1 - down) + lower * down;
}
