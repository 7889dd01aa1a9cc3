/** Masks of a beating left ventricle of any size, drawn by formula: what the metrics are timed on. */
import type { LabelVideo } from '../../imaging/image.ts';

/** The ventricle of one frame, in pixels. */
interface Ventricle {
  readonly halfWidth: number;
  readonly height: number;
  readonly wall: number;
  /** Of the edge at this moment, in radians. */
  readonly phases: readonly [fine: number, coarse: number];
}

/** Label of the pixel `across` beside the axis and `up` above the base. */
function labelAt({ halfWidth, height, wall, phases }: Ventricle, across: number, up: number, error: number) {
  // Beyond any ragged edge.
  if (up < 0 || Math.abs(across) > 1.1 * (halfWidth + wall)) return 0;
  const angle = Math.atan2(up, across);
  const ragged = 1 + 0.02 * Math.sin(9 * angle + phases[0]) + error * Math.sin(5 * angle + phases[1]);
  const within = (margin: number) =>
    (across / (halfWidth + margin)) ** 2 + (up / (height + margin)) ** 2 <= ragged * ragged;
  if (within(0)) return 1;
  return within(wall) ? 2 : 0;
}

/**
 * A ventricle open at its base in a wall of myocardium, filling about a third of the image, over two beats with ragged
 * edges. `error` (share of the half width) displaces the edges, which makes a prediction of a reference (0).
 */
export function beatingHeart(
  grid: { readonly frames: number; readonly rows: number; readonly columns: number },
  error: number,
): LabelVideo {
  const { frames, rows, columns } = grid;
  const labels = new Uint8Array(frames * rows * columns);
  const base = 0.85 * rows;
  for (let t = 0; t < frames; t++) {
    const squeeze = 1 - 0.12 * (1 - Math.cos((4 * Math.PI * t) / frames));
    const ventricle: Ventricle = {
      halfWidth: 0.24 * columns * squeeze,
      height: 0.62 * rows * (0.5 + 0.5 * squeeze),
      wall: 0.07 * columns * (2 - squeeze),
      phases: [t / 7, t / 5],
    };
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        labels[(t * rows + r) * columns + c] = labelAt(ventricle, c - columns / 2, base - r, error);
      }
    }
  }
  return { frames, rows, columns, spacingMm: [0.37, 0.37], frameTimeMs: 30, labels };
}
