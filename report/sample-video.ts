/**
 * A small drawn heart for tests and for looking at pictures: a bright ring around a dark cavity that shrinks and grows.
 */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';

/** By the distance from the middle and the radius of the cavity, in pixels. */
function labelAt(distance: number, radius: number): number {
  if (distance < radius) return LEFT_VENTRICLE;
  return distance < radius * 1.5 ? MYOCARDIUM : BACKGROUND;
}

/** `frames` frames of `side` x `side` pixels; rows have half the columns' spacing when `anisotropic`. */
export function sampleVideo(
  frames: number,
  side: number,
  anisotropic = false,
): { image: GreyVideo; labels: LabelVideo } {
  const geometry = {
    frames,
    rows: side,
    columns: side,
    spacingMm: [anisotropic ? 0.5 : 1, 1] as const,
    frameTimeMs: 40,
  };
  const intensities = new Float32Array(frames * side * side);
  const labels = new Uint8Array(frames * side * side);
  for (let t = 0; t < frames; t++) {
    const radius = side * (0.22 + 0.05 * Math.cos((2 * Math.PI * t) / frames));
    for (let r = 0; r < side; r++) {
      for (let c = 0; c < side; c++) {
        const distance = Math.hypot(r - side / 2, c - side / 2);
        const at = (t * side + r) * side + c;
        const label = labelAt(distance, radius);
        labels[at] = label;
        intensities[at] = [0.35, 0.12, 0.75][label]! * (0.85 + 0.15 * Math.sin(r * 0.9 + c * 1.3));
      }
    }
  }
  return { image: { ...geometry, intensities }, labels: { ...geometry, labels } };
}
