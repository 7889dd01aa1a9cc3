/**
 * What is written on the picture inside the sector: bright pixels with sharp edges that never change while the tissue
 * around them does. Names and dates there survive every cropping, so a person has to look.
 */
import type { GreyVideo } from '../imaging/image.ts';
import { SMALLEST_CHANGE } from './sector.ts';

/** Grey level of ink, and step from ink to ground. */
const INK = 0.45;
const EDGE = 0.3;
/** Fewer still edge pixels than this are a marker or chance, more are writing. */
const SMALLEST_TEXT = 24;
/** Frames needed to tell what never changes. */
const FEWEST_FRAMES = 4;

export interface ResidualText {
  /** Edge pixels that look like ink. */
  readonly pixels: number;
  /** Smallest box around them, ends included. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** 1 where no frame differs from another by more than what compression does, over [rows, columns]. */
function stillPixels({ frames, rows, columns, intensities }: GreyVideo): Uint8Array {
  const pixels = rows * columns;
  const still = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let frame = 0; frame < frames; frame++) {
      const value = intensities[frame * pixels + pixel]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    if (greatest - least <= SMALLEST_CHANGE) still[pixel] = 1;
  }
  return still;
}

/** What was found, with one pixel more that lies in the last row so far or below. */
function grownBy(found: ResidualText | undefined, row: number, column: number): ResidualText {
  if (!found) return { pixels: 1, top: row, bottom: row, left: column, right: column };
  return {
    pixels: found.pixels + 1,
    top: found.top,
    bottom: row,
    left: Math.min(found.left, column),
    right: Math.max(found.right, column),
  };
}

/**
 * Looks for writing within `sector` (0/1 over [rows, columns]); undefined when there is none, or too few frames to
 * tell.
 */
export function findResidualText(video: GreyVideo, sector: Uint8Array): ResidualText | undefined {
  const { frames, rows, columns, intensities } = video;
  if (frames < FEWEST_FRAMES) return undefined;
  const still = stillPixels(video);
  const isInk = (pixel: number, step: number) =>
    still[pixel + step] === 1 && intensities[pixel]! - intensities[pixel + step]! > EDGE;
  let found: ResidualText | undefined;
  for (let row = 1; row < rows - 1; row++) {
    for (let column = 1; column < columns - 1; column++) {
      const pixel = row * columns + column;
      if (sector[pixel] === 0 || still[pixel] === 0 || intensities[pixel]! < INK) continue;
      if (![-1, 1, -columns, columns].some((step) => isInk(pixel, step))) continue;
      found = grownBy(found, row, column);
    }
  }
  return found !== undefined && found.pixels >= SMALLEST_TEXT ? found : undefined;
}
