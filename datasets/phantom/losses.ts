/**
 * Signal lost on the way to a place, and the static line that passes for a valve: looked up by pixel while a frame is
 * drawn.
 */
import type { Acquisition } from './acquisition.ts';
import type { Heart, HeartShape } from './heart.ts';
import type { HeartPoint } from './placement.ts';
import { placementAt } from './placement.ts';
import { smoothStep } from './tissue.ts';

export const LOSS_BINS = 128;
/** The valve's loss is whole within the first, gone beyond the second distance from the mitral plane. */
const FADE_MM = [3, 7] as const;
/** Walls lose this share of what leaflets and hinges lose: they are torn otherwise, and no plane is misplaced. */
const WALL_SHARE = 0.4;
const DECOY_HALF_THICKNESS_MM = 1.7;

/** Loss of the lateral wall by share of the long axis in one frame. */
export function lateralLoss({ lateralDropout }: Acquisition, frame: number): Float32Array {
  const loss = new Float32Array(LOSS_BINS);
  if (!lateralDropout) return loss;
  const { centre, halfWidth, lossDb } = lateralDropout;
  return loss.map((_, bin) => {
    const distance = Math.abs(bin / (LOSS_BINS - 1) - centre) / halfWidth;
    return lossDb[frame]! * (1 - smoothStep(0.6, 1.3, distance));
  });
}

/** Loss by angle from shadows in one frame. */
export function shadowLoss(scan: Acquisition, frame: number): Float32Array {
  const loss = new Float32Array(LOSS_BINS);
  for (let bin = 0; bin < LOSS_BINS; bin++) {
    const angle = (bin / (LOSS_BINS - 1) - 0.5) * 2 * scan.sectorHalfAngle;
    for (const shadow of scan.shadows) {
      const distance = Math.abs(angle - shadow.angle[frame]!) / shadow.halfWidth;
      loss[bin]! += shadow.lossDb[frame]! * (1 - smoothStep(0.5, 1.2, distance));
    }
    const edge = Math.abs(angle) / scan.sectorHalfAngle;
    loss[bin]! += scan.edgeLossDb * edge * edge;
  }
  return loss;
}

/** Loss of the valve plane at a place in one frame. */
export function valveLossDb(scan: Acquisition, frame: number, point: HeartPoint): number {
  const loss = scan.valveFade?.lossDb[frame] ?? 0;
  if (loss === 0 || point.insideWall < -6) return 0;
  const share = point.insideCavity < 0 ? WALL_SHARE : 1;
  return share * loss * (1 - smoothStep(FADE_MM[0], FADE_MM[1], Math.abs(point.abovePlane)));
}

/** Where along the axis the decoy crosses it: beside the middle of the plane's excursion. */
function decoyAlongMm(heart: Heart, decoyMm: number): number {
  return heart.lengthMm * (1 - heart.shortening / 2) + decoyMm;
}

/**
 * Level in decibels of the static line at every pixel, -Infinity off it; undefined without a decoy. It stands where
 * the mean heart is.
 */
export function decoyLevels(heart: Heart, shape: HeartShape, scan: Acquisition): Float32Array | undefined {
  if (!scan.valveFade) return undefined;
  const { decoyMm, decoyDb } = scan.valveFade;
  const { apexX, apexY, cosine, sine } = placementAt({ ...scan, swayRadians: 0, swayMm: [0, 0] }, 0);
  const line = decoyAlongMm(heart, decoyMm);
  const levels = new Float32Array(scan.rows * scan.columns).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < scan.rows; row++) {
    const y = row * scan.spacingMm - apexY;
    for (let column = 0; column < scan.columns; column++) {
      const x = column * scan.spacingMm - apexX;
      const across = x * cosine - y * sine;
      const width = shape.halfWidthMm[across < 0 ? 0 : 1] * (shape.baseRatio - 0.02);
      const off = (y * cosine + x * sine - line) / DECOY_HALF_THICKNESS_MM;
      const fall = smoothStep(0.9, 1.05, Math.abs(across) / width);
      if (Math.abs(off) < 2 && fall < 1)
        levels[row * scan.columns + column] = decoyDb - 4 * off * off - 20 * fall;
    }
  }
  return levels;
}
