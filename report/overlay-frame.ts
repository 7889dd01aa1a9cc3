/**
 * One frame of an ultrasound with its segmentation painted over it, as indices into one fixed palette. The palette is
 * fixed so that GIF frames need no quantisation and the same labels have the same colours in every picture.
 */
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { BACKGROUND, CLASS_COUNT, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';

export type Colour = readonly [number, number, number];

/** Colours of the labels, told apart by people with any colour vision (Okabe and Ito). */
export const labelColours: Readonly<Record<number, Colour>> = {
  [LEFT_VENTRICLE]: [86, 180, 233],
  [MYOCARDIUM]: [230, 159, 0],
};

/** Border of a frame that somebody should look at. */
const flagColour: Colour = [230, 20, 40];
/** Share of the picture's shorter side. */
const flagWidth = 0.015;

export const greyLevels = 80;
const tintStrength = 0.32;
export const outlineOffset = greyLevels * CLASS_COUNT;

function buildPalette(): Colour[] {
  const palette: Colour[] = [];
  for (let label = 0; label < CLASS_COUNT; label++) {
    const colour = labelColours[label];
    for (let level = 0; level < greyLevels; level++) {
      const grey = Math.round((255 * level) / (greyLevels - 1));
      const mix = (channel: number) =>
        colour ? Math.round(grey * (1 - tintStrength) + colour[channel]! * tintStrength) : grey;
      palette.push([mix(0), mix(1), mix(2)]);
    }
  }
  return [...palette, labelColours[LEFT_VENTRICLE]!, labelColours[MYOCARDIUM]!, flagColour];
}

/**
 * Index = label * 80 + grey level; then the solid outlines of cavity and myocardium, and the border of flagged frames.
 */
export const overlayPalette: readonly Colour[] = buildPalette();

const flagIndex = overlayPalette.length - 1;
const flatPalette = Uint8Array.from(overlayPalette.flat());

/** A painted picture: `indices` into overlayPalette, row by row. */
export interface OverlayFrame {
  readonly width: number;
  readonly height: number;
  readonly indices: Uint8Array;
}

/**
 * Width and height in which a video is drawn: square pixels in millimetres, the longer side at most `longestSide`.
 * A small video is enlarged up to four times.
 */
export function overlaySize(
  video: Pick<GreyVideo, 'rows' | 'columns' | 'spacingMm'>,
  longestSide: number,
): { width: number; height: number } {
  const [rowMm, columnMm] = video.spacingMm;
  const pixelMm = Math.min(rowMm, columnMm);
  const height = (video.rows * rowMm) / pixelMm;
  const width = (video.columns * columnMm) / pixelMm;
  const scale = Math.min(4, longestSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * Paints frame `frame` of the image, tinted and outlined by the labels where there are some, and with a red border
 * where it is flagged. Nearest neighbour.
 * @throws DomainError GeometryMismatch when image and labels are not on the same grid.
 */
export function paintOverlayFrame(
  image: GreyVideo,
  labels: LabelVideo | undefined,
  frame: number,
  longestSide: number,
  isFlagged = false,
): OverlayFrame {
  if (
    labels &&
    (labels.rows !== image.rows || labels.columns !== image.columns || labels.frames !== image.frames)
  ) {
    throw new DomainError(
      'GeometryMismatch',
      `An overlay needs image and labels on one grid: expected ${counted(image.frames, 'frame')} of ${image.rows} x ${image.columns}, ` +
        `found ${labels.frames} of ${labels.rows} x ${labels.columns}. Restore the labels onto the image's grid first.`,
    );
  }
  const { width, height } = overlaySize(image, longestSide);
  const sourceOf = sourcePixels(image, frame, width, height);
  const painted = new Uint8Array(width * height);
  if (labels) {
    for (let at = 0; at < painted.length; at++) {
      painted[at] = labels.labels[sourceOf(Math.floor(at / width), at % width)]!;
    }
  }
  const indices = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = y * width + x;
      const label = painted[here]!;
      const grey = Math.max(0, Math.min(1, image.intensities[sourceOf(y, x)]!));
      const level = Math.round(grey * (greyLevels - 1));
      indices[here] = isOutline(painted, width, height, y, x)
        ? outlineOffset + label - 1
        : label * greyLevels + level;
    }
  }
  if (isFlagged) paintBorder(indices, width, height);
  return { width, height, indices };
}

function paintBorder(indices: Uint8Array, width: number, height: number): void {
  const thickness = Math.max(2, Math.round(flagWidth * Math.min(width, height)));
  for (let y = 0; y < height; y++) {
    const isInside = y >= thickness && y < height - thickness;
    const row = indices.subarray(y * width, (y + 1) * width);
    if (isInside) {
      row.fill(flagIndex, 0, thickness);
      row.fill(flagIndex, Math.max(0, width - thickness));
    } else row.fill(flagIndex);
  }
}

/** A painted picture as red, green and blue bytes, row by row. */
export function overlayRgb({ indices }: OverlayFrame): Uint8Array {
  const rgb = new Uint8Array(3 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const colour = 3 * indices[i]!;
    rgb[3 * i] = flatPalette[colour]!;
    rgb[3 * i + 1] = flatPalette[colour + 1]!;
    rgb[3 * i + 2] = flatPalette[colour + 2]!;
  }
  return rgb;
}

/** Which pixel of the video a picture's pixel (y, x) shows, as an index into the whole video: the nearest one. */
export function sourcePixels(
  image: Pick<GreyVideo, 'rows' | 'columns'>,
  frame: number,
  width: number,
  height: number,
): (y: number, x: number) => number {
  const offset = frame * image.rows * image.columns;
  return (y, x) => {
    const row = Math.min(image.rows - 1, Math.floor(((y + 0.5) * image.rows) / height));
    const column = Math.min(image.columns - 1, Math.floor(((x + 0.5) * image.columns) / width));
    return offset + row * image.columns + column;
  };
}

/** A labelled pixel that touches another label to the left, right, above or below. */
function isOutline(labels: Uint8Array, width: number, height: number, y: number, x: number): boolean {
  const label = labels[y * width + x];
  if (label === BACKGROUND) return false;
  return (
    (x > 0 && labels[y * width + x - 1] !== label) ||
    (x < width - 1 && labels[y * width + x + 1] !== label) ||
    (y > 0 && labels[(y - 1) * width + x] !== label) ||
    (y < height - 1 && labels[(y + 1) * width + x] !== label)
  );
}
