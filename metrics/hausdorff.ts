/** Maximum Hausdorff distance between the surfaces of two structures (method.md 9.1). */
import { DomainError } from '../ground/errors.ts';
import { type LabelVideo, labelFrame, type VideoGeometry } from '../imaging/image.ts';
import { directedSquared } from './surface-distance.ts';
import { type FrameSurfaces, frameSurfaces, type Surface } from './surfaces.ts';

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
