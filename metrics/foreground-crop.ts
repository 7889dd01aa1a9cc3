/** The part of a frame that holds the structures, for measures that do not depend on their position. */
import { BACKGROUND } from '../ground/labels.ts';
import type { LabelFrame } from '../imaging/image.ts';

/** First and last row and column with foreground. */
export interface ForegroundBox {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Bounding box of all foreground, or undefined in an empty frame. */
export function foregroundBox(frame: LabelFrame): ForegroundBox | undefined {
  const { labels, rows, columns } = frame;
  let top = -1;
  let bottom = -1;
  let left = columns;
  let right = -1;
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    const first = firstForeground(labels, offset, columns);
    if (first === columns) continue;
    if (top < 0) top = r;
    bottom = r;
    if (first < left) left = first;
    // Only columns beyond the current right end can move it.
    let last = columns - 1;
    while (last > right && labels[offset + last] === BACKGROUND) last--;
    if (last > right) right = last;
  }
  return top < 0 ? undefined : { top, bottom, left, right };
}

/** First column with foreground in the row that starts at `offset`; `columns` when there is none. */
function firstForeground(labels: Uint8Array, offset: number, columns: number): number {
  let first = 0;
  while (first < columns && labels[offset + first] === BACKGROUND) first++;
  return first;
}

/**
 * The bounding box of all foreground with a margin of one background pixel where the image has one. An edge of the
 * crop is therefore background, or the edge of the image. A frame without foreground is returned as it is.
 */
export function cropToForeground(frame: LabelFrame): LabelFrame {
  const box = foregroundBox(frame);
  if (box === undefined) return frame;
  const top = Math.max(0, box.top - 1);
  const left = Math.max(0, box.left - 1);
  const width = Math.min(frame.columns - 1, box.right + 1) - left + 1;
  const height = Math.min(frame.rows - 1, box.bottom + 1) - top + 1;
  const cropped = new Uint8Array(height * width);
  for (let r = 0; r < height; r++) {
    const from = (top + r) * frame.columns + left;
    cropped.set(frame.labels.subarray(from, from + width), r * width);
  }
  return { rows: height, columns: width, spacingMm: frame.spacingMm, labels: cropped };
}
