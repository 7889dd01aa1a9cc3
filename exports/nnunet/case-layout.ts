/**
 * Geometry of a video as nnU-Net's readers take it (SimpleITKIO, NibabelIO): three axes, in mm, the third the frames
 * with 1 as spacing, as the published echo data have it. In seconds, frames would lie closer together than pixels and
 * nnU-Net would plan for that. Pixels keep their order and their place, so that predictions fit the video.
 */
import type { NiftiLayout, TargetGrid } from '../../datasets/nifti.ts';
import { affineOf, plainLayout } from '../../datasets/nifti-layout.ts';
import { type Affine, dot, type Vector } from '../../imaging/orientation.ts';

const FRAME_SPACING = 1;

const times = (a: Vector, factor: number): Vector => [a[0] * factor, a[1] * factor, a[2] * factor];
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Steps of length 1 at right angles, which ITK insists on; undefined where two of them lie on one line. */
function directionsOf({ column, row, third }: Affine): [Vector, Vector, Vector] | undefined {
  const columnLength = Math.sqrt(dot(column, column));
  const along = times(column, 1 / columnLength);
  const across = minus(row, times(along, dot(row, along)));
  const acrossLength = Math.sqrt(dot(across, across));
  if (!(columnLength > 0 && acrossLength > 0.5 * Math.sqrt(dot(row, row)))) return undefined;
  const down = times(across, 1 / acrossLength);
  const normal = cross(along, down);
  const isReversed = third !== undefined && dot(third, normal) < 0;
  return [along, down, isReversed ? times(normal, -1) : normal];
}

/** The layout of a video's image and mask in an nnU-Net folder; directions are those of its file, where it has any. */
export function nnunetLayout(video: TargetGrid): NiftiLayout {
  const { frames, rows, columns, spacingMm } = video;
  const plain = plainLayout({ frames, rows, columns, spacingMm, frameTimeMs: 1000 * FRAME_SPACING });
  const affine = video.layout && affineOf(video.layout);
  const directions = affine && directionsOf(affine);
  if (!affine || !directions) return plain;
  const [rowMm, columnMm] = spacingMm;
  const [column, row, third] = directions;
  // The file's own unit may be another one.
  const origin = times(affine.origin, columnMm / Math.sqrt(dot(affine.column, affine.column)));
  const steps = [times(column, columnMm), times(row, rowMm), times(third, FRAME_SPACING), origin];
  return { ...plain, sform: [0, 1, 2].flatMap((axis) => steps.map((step) => step[axis]!)) };
}
