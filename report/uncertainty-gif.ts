/**
 * A video with the uncertainty of its segmentation as an animated GIF: the surer, the plainer the image; the less sure,
 * the redder. The outlines are those of the overlay, in its colours.
 */
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import {
  type Colour,
  type OverlayFrame,
  greyLevels as overlayGreyLevels,
  outlineOffset as overlayOutlines,
  overlayPalette,
  overlaySize,
  paintOverlayFrame,
  sourcePixels,
} from './overlay-frame.ts';
import { encodeGif, type OverlayGifOptions } from './overlay-gif.ts';

const greyLevels = 21;
const uncertaintyLevels = 12;
const outlineOffset = greyLevels * uncertaintyLevels;
const red: Colour = [230, 20, 40];
/** At no certainty at all some of the image still shows. */
const strongestTint = 0.85;

/** Index = uncertainty level * 21 + grey level; then the overlay's own colours, as it has them after its greys. */
export const uncertaintyPalette: readonly Colour[] = [
  ...Array.from({ length: uncertaintyLevels * greyLevels }, (_, index): Colour => {
    const grey = (255 * (index % greyLevels)) / (greyLevels - 1);
    const tint = (strongestTint * Math.floor(index / greyLevels)) / (uncertaintyLevels - 1);
    const mix = (channel: number) => Math.round(grey * (1 - tint) + channel * tint);
    return [mix(red[0]), mix(red[1]), mix(red[2])];
  }),
  ...overlayPalette.slice(overlayOutlines),
];

/**
 * Frame `frame` as indices into uncertaintyPalette.
 * @param confidence in [0, 1] on the image's grid; the uncertainty is 1 - confidence.
 * @throws DomainError GeometryMismatch when image, labels and confidence are not on the same grid.
 */
export function paintUncertaintyFrame(
  image: GreyVideo,
  labels: LabelVideo,
  confidence: GreyVideo,
  frame: number,
  longestSide: number,
): OverlayFrame {
  if (confidence.intensities.length !== image.intensities.length || confidence.columns !== image.columns) {
    throw new DomainError(
      'GeometryMismatch',
      `An uncertainty picture needs image and confidence on one grid: expected ${counted(image.frames, 'frame')} of ${image.rows} x ${image.columns}, ` +
        `found ${confidence.frames} of ${confidence.rows} x ${confidence.columns}. Restore the confidence onto the image's grid first.`,
    );
  }
  const overlay = paintOverlayFrame(image, labels, frame, longestSide);
  const { width, height } = overlaySize(image, longestSide);
  const sourceOf = sourcePixels(image, frame, width, height);
  const indices = overlay.indices.map((index, at) => {
    if (index >= overlayOutlines) return outlineOffset + index - overlayOutlines;
    const grey = Math.round(((index % overlayGreyLevels) / (overlayGreyLevels - 1)) * (greyLevels - 1));
    const sure = confidence.intensities[sourceOf(Math.floor(at / width), at % width)]!;
    const unsure = 1 - Math.max(0, Math.min(1, sure));
    return Math.round(unsure * (uncertaintyLevels - 1)) * greyLevels + grey;
  });
  return { width, height, indices };
}

/** The whole video, looping at the heart's own speed. @throws DomainError GeometryMismatch */
export function encodeUncertaintyGif(
  image: GreyVideo,
  labels: LabelVideo,
  confidence: GreyVideo,
  { longestSide = 480 }: OverlayGifOptions = {},
): Uint8Array {
  return encodeGif(image, uncertaintyPalette, (frame) =>
    paintUncertaintyFrame(image, labels, confidence, frame, longestSide),
  );
}
