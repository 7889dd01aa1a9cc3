/**
 * Programs that are handed labels without geometry write a header all the same: pixels of 1 x 1, no place. Such a mask
 * says nothing of where it lies, and has the geometry of its video where rows, columns and frames are the same.
 */
import type { VideoGeometry } from '../imaging/image.ts';
import { affineOf, type NiftiLayout } from './nifti-layout.ts';

/** What a person should know of such a mask. */
export const noGeometryNote =
  "the header of the mask states no geometry (pixels of 1 x 1 at the origin, or of no size): its video's was taken";

const METRES = 1;
const MICRONS = 3;

/**
 * True for the header of a file that was never told its geometry: steps of exactly 1 along the axes from the origin, in
 * millimetres or no unit, as identity of NIfTI (RAS) or of ITK (LPS), which turns both axes about; or steps of 0.
 */
export function statesNoGeometry(layout: NiftiLayout): boolean {
  const unit = layout.units & 7;
  const [columnStep, rowStep] = [layout.pixDims[1], layout.pixDims[2]];
  if (columnStep !== rowStep || !(columnStep === 0 || columnStep === 1)) return false;
  if (unit === METRES || unit === MICRONS) return false;
  const affine = affineOf(layout);
  if (affine === undefined) return true;
  const { column, row, origin } = affine;
  const step = columnStep * Math.sign(column[0]);
  const stated = [...column, ...row, ...origin];
  return [step, 0, 0, 0, step, 0, 0, 0, 0].every((value, i) => Math.abs(stated[i]! - value) < 1e-6);
}

/** True where a mask of `layout` has to take the geometry of its video, whose pixels are of another size than 1 mm. */
export function lacksGeometryOf(layout: NiftiLayout, { spacingMm }: VideoGeometry): boolean {
  return statesNoGeometry(layout) && spacingMm.some((mm) => Math.abs(mm - 1) > 0.01);
}

/** The mask with the pixel size of its video where both have one grid of pixels; as it is otherwise, to be refused. */
export function withGeometryOf<Mask extends VideoGeometry>(
  mask: Mask,
  { frames, rows, columns, spacingMm }: VideoGeometry,
): Mask {
  const isSameSize = mask.frames === frames && mask.rows === rows && mask.columns === columns;
  return isSameSize ? { ...mask, spacingMm } : mask;
}
