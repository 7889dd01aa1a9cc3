/**
 * Centred cropping and zero padding in the plane. The same function undoes itself: going to a larger grid and back
 * gives the original pixels, whether the difference is even or odd.
 */
import type { GreyVideo, LabelVideo } from './image.ts';

type Plane = { readonly frames: number; readonly rows: number; readonly columns: number };

/** Offset of the smaller axis inside the larger one; the odd pixel goes to the far side. */
function inset(larger: number, smaller: number): number {
  return Math.floor((larger - smaller) / 2);
}

function copyCentred<Pixels extends Float32Array | Uint8Array>(
  from: Pixels,
  { frames, rows, columns }: Plane,
  to: Pixels,
  newRows: number,
  newColumns: number,
): void {
  const height = Math.min(rows, newRows);
  const width = Math.min(columns, newColumns);
  const fromRow = inset(rows, height);
  const fromColumn = inset(columns, width);
  const toRow = inset(newRows, height);
  const toColumn = inset(newColumns, width);
  for (let frame = 0; frame < frames; frame++) {
    for (let row = 0; row < height; row++) {
      const start = (frame * rows + fromRow + row) * columns + fromColumn;
      to.set(from.subarray(start, start + width), (frame * newRows + toRow + row) * newColumns + toColumn);
    }
  }
}

/** Crops or pads with 0 around the centre to `rows` x `columns`; returns the video itself when it has that size. */
export function cropOrPadGrey(video: GreyVideo, rows: number, columns: number): GreyVideo {
  if (video.rows === rows && video.columns === columns) return video;
  const intensities = new Float32Array(video.frames * rows * columns);
  copyCentred(video.intensities, video, intensities, rows, columns);
  return { ...video, rows, columns, intensities };
}

/** Crops or pads with background around the centre to `rows` x `columns`. */
export function cropOrPadLabels(video: LabelVideo, rows: number, columns: number): LabelVideo {
  if (video.rows === rows && video.columns === columns) return video;
  const labels = new Uint8Array(video.frames * rows * columns);
  copyCentred(video.labels, video, labels, rows, columns);
  return { ...video, rows, columns, labels };
}
