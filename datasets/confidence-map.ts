/** Confidence maps: NIfTI files of numbers in [0, 1] on the grid of a mask, as `segment --uncertainty` writes them. */
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo } from '../imaging/image.ts';
import { alignGrey } from '../imaging/orientation.ts';
import { lacksGeometryOf, withGeometryOf } from './default-header.ts';
import { decodeNifti, ofVideo, type TargetGrid, targetAffine } from './nifti.ts';
import { affineOf } from './nifti-layout.ts';

/** Single precision rounds a little beyond 0 and 1. */
const TOLERANCE = 1e-5;

/**
 * Reads a confidence map onto the grid of its mask; nothing is rescaled.
 * @throws DatasetInvalid when a value is not a number in [0, 1], GeometryMismatch when it lies on another grid, and
 * what decodeNifti throws
 */
export function readConfidenceMap(bytes: Uint8Array, name: string, mask?: TargetGrid): GreyVideo {
  const { geometry, data, layout } = decodeNifti(bytes, name, mask && ofVideo(mask));
  const intensities = new Float32Array(data.length);
  let strangers = 0;
  let example = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) {
      if (strangers++ === 0) example = value;
      continue;
    }
    intensities[i] = Math.min(1, Math.max(0, value));
  }
  if (strangers > 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected confidences in [0, 1], found ${strangers} other values, the first ${example}. ` +
        'Give the maps that segment --uncertainty wrote, or scale yours to [0, 1].',
    );
  }
  const video = { ...geometry, intensities };
  if (mask === undefined) return video;
  if (lacksGeometryOf(layout, mask)) return withGeometryOf(video, mask);
  return alignGrey({ video, affine: affineOf(layout), name }, mask, targetAffine(mask));
}
