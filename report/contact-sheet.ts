/** Chosen frames of one or more segmentations of the same video, side by side in one PNG. */
import { PNG } from 'pngjs';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { type OverlayFrame, overlayPalette, paintOverlayFrame } from './overlay-frame.ts';

const gap = 4;

/** One row of the sheet: a video with its segmentation; the row's caption belongs into the text around the picture. */
export interface ContactRow {
  readonly image: GreyVideo;
  readonly labels?: LabelVideo | undefined;
}

/** `count` frames spread evenly from the first to the last. */
export function spreadFrames(frames: number, count: number): number[] {
  const wanted = Math.max(1, Math.min(frames, count));
  if (wanted === 1) return [0];
  return Array.from({ length: wanted }, (_, i) => Math.round((i * (frames - 1)) / (wanted - 1)));
}

/**
 * A PNG with one row per entry and `columns` evenly spread frames per row; transparent between the pictures.
 * @throws DomainError GeometryMismatch when an image and its labels are not on the same grid.
 */
export function encodeContactSheet(
  rows: readonly ContactRow[],
  { columns = 4, longestSide = 220 }: { readonly columns?: number; readonly longestSide?: number } = {},
): Uint8Array {
  const painted = rows.map((row) =>
    spreadFrames(row.image.frames, columns).map((frame) =>
      paintOverlayFrame(row.image, row.labels, frame, longestSide),
    ),
  );
  const cellWidth = Math.max(1, ...painted.flat().map((frame) => frame.width));
  const cellHeight = Math.max(1, ...painted.flat().map((frame) => frame.height));
  const across = Math.max(1, ...painted.map((row) => row.length));
  const png = new PNG({
    width: across * (cellWidth + gap) - gap,
    height: Math.max(1, painted.length * (cellHeight + gap) - gap),
  });
  for (const [row, frames] of painted.entries()) {
    for (const [column, frame] of frames.entries()) {
      copyInto(png, frame, row * (cellHeight + gap), column * (cellWidth + gap));
    }
  }
  return PNG.sync.write(png);
}

function copyInto(png: PNG, frame: OverlayFrame, top: number, left: number): void {
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const [red, green, blue] = overlayPalette[frame.indices[y * frame.width + x]!]!;
      const at = ((top + y) * png.width + left + x) * 4;
      png.data[at] = red;
      png.data[at + 1] = green;
      png.data[at + 2] = blue;
      png.data[at + 3] = 255;
    }
  }
}
