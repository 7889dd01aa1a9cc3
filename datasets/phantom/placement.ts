/** Where the heart lies in the picture: from a pixel to millimetres in the heart's frame, frame by frame. */
import type { Acquisition } from './acquisition.ts';
import type { Heart, HeartShape } from './heart.ts';
import { bulletProfile } from './heart.ts';

export interface Placement {
  /** Endocardial apex in the image, millimetres from the centre of pixel (0, 0). */
  readonly apexX: number;
  readonly apexY: number;
  readonly cosine: number;
  readonly sine: number;
}

/** Position and tilt of the heart in frame `frame`, with the slow sway of probe and breathing. */
export function placementAt(scan: Acquisition, frame: number): Placement {
  const wave = Math.sin(2 * Math.PI * (scan.swayPhase + (scan.swayCycles * frame) / scan.frames));
  const tilt = scan.tilt + scan.swayRadians * wave;
  return {
    apexX: (0.5 + scan.apexAcross) * scan.columns * scan.spacingMm + scan.swayMm[0] * wave,
    apexY: scan.apexDown * scan.rows * scan.spacingMm + scan.swayMm[1] * wave,
    cosine: Math.cos(tilt),
    sine: Math.sin(tilt),
  };
}

/**
 * Where a point lies in the heart. Distances in mm, positive inside; they are measured across the axis, except past the
 * apex.
 */
export interface HeartPoint {
  /** Along the axis from the apex as a share of the way to the mitral plane. */
  share: number;
  across: number;
  /** Distance above the mitral plane (negative: atrial side). */
  abovePlane: number;
  insideCavity: number;
  insideWall: number;
}

/** Fills `point` for a place `along`, `across` (mm) in the heart's frame. */
export function locate(
  heart: Heart,
  shape: HeartShape,
  along: number,
  across: number,
  point: HeartPoint,
): void {
  const plane = shape.lengthMm + heart.planeSlope * across;
  const share = along / plane;
  const bend = share > 0 && share < 1 ? heart.bendMm * Math.sin(Math.PI * share) : 0;
  const side = across < bend ? 0 : 1;
  const offset = Math.abs(across - bend);
  const half = shape.halfWidthMm[side];
  const wall = shape.wallMm[side];
  point.share = share;
  point.across = across - bend;
  point.abovePlane = plane - along;
  point.insideCavity =
    share > 0
      ? half * bulletProfile(Math.min(1, share), heart.widestAt, shape.baseRatio) - offset
      : Math.min(along, -offset);
  const outerShare = (along + shape.apicalWallMm) / (plane + shape.apicalWallMm);
  const outerWidest = (heart.widestAt * plane + shape.apicalWallMm) / (plane + shape.apicalWallMm);
  const outerBase = (shape.baseRatio * half + 0.9 * wall) / (half + wall);
  point.insideWall =
    outerShare > 0
      ? (half + wall) * bulletProfile(Math.min(1, outerShare), outerWidest, outerBase) - offset
      : Math.min(along + shape.apicalWallMm, -offset);
}
