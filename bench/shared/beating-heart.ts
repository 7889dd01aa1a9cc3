/** Masks of a beating left ventricle of any size, drawn by formula: what the metrics are timed on. */
import type { LabelVideo } from '../../imaging/image.ts';

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
  for (let t = 0; t < frames; t++) {
    const squeeze = 1 - 0.12 * (1 - Math.cos((4 * Math.PI * t) / frames));
    const halfWidth = 0.24 * columns * squeeze;
    const height = 0.62 * rows * (0.5 + 0.5 * squeeze);
    const wall = 0.07 * columns * (2 - squeeze);
    const base = 0.85 * rows;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const across = c - columns / 2;
        const up = base - r;
        // Beyond any ragged edge.
        if (up < 0 || Math.abs(across) > 1.1 * (halfWidth + wall)) continue;
        const angle = Math.atan2(up, across);
        const ragged = 1 + 0.02 * Math.sin(9 * angle + t / 7) + error * Math.sin(5 * angle + t / 5);
        const within = (margin: number) =>
          (across / (halfWidth + margin)) ** 2 + (up / (height + margin)) ** 2 <= ragged * ragged;
        if (within(0)) labels[(t * rows + r) * columns + c] = 1;
        else if (within(wall)) labels[(t * rows + r) * columns + c] = 2;
      }
    }
  }
  return { frames, rows, columns, spacingMm: [0.37, 0.37], frameTimeMs: 30, labels };
}
