/** A whole video with its segmentation as an animated GIF that plays at the heart's own speed. */
import { createRequire } from 'node:module';
import type { Gifenc } from 'gifenc';
import type { GreyVideo, LabelVideo, VideoGeometry } from '../imaging/image.ts';
import { type Colour, type OverlayFrame, overlayPalette, paintOverlayFrame } from './overlay-frame.ts';

// The package is CommonJS with an __esModule mark, which loaders read differently; require is the same everywhere.
const gifenc = createRequire(import.meta.url)('gifenc') as Gifenc;

/** Viewers play anything below 20 ms a frame at an arbitrary slow speed. */
const shortestDelayMs = 20;

export interface OverlayGifOptions {
  /** Longer side of the picture, pixels. */
  readonly longestSide?: number;
  /** Frames that get a red border, from 0. */
  readonly flagged?: readonly number[];
}

/**
 * The video as GIF bytes, looping, one picture a frame (frames shorter than 20 ms are shown for 20 ms).
 * @param labels on the image's grid; undefined draws the image alone.
 * @throws DomainError GeometryMismatch when image and labels are not on the same grid.
 */
export function encodeOverlayGif(
  image: GreyVideo,
  labels: LabelVideo | undefined,
  { longestSide = 480, flagged = [] }: OverlayGifOptions = {},
): Uint8Array {
  return encodeGif(image, overlayPalette, (frame) =>
    paintOverlayFrame(image, labels, frame, longestSide, flagged.includes(frame)),
  );
}

/** The pictures that `paint` makes of each frame, at the video's speed; `palette` holds at most 256 colours. */
export function encodeGif(
  video: VideoGeometry,
  palette: readonly Colour[],
  paint: (frame: number) => OverlayFrame,
): Uint8Array {
  const encoder = gifenc.GIFEncoder();
  const delay = Math.max(shortestDelayMs, Math.round(video.frameTimeMs / 10) * 10 || shortestDelayMs);
  for (let frame = 0; frame < video.frames; frame++) {
    const { indices, width, height } = paint(frame);
    encoder.writeFrame(indices, width, height, {
      delay,
      ...(frame === 0 ? { palette, repeat: 0 } : {}),
    });
  }
  encoder.finish();
  return encoder.bytes();
}
