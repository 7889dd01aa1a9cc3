/**
 * What is written on the picture inside the sector: bright pixels that never change, beside pixels that are darker in
 * every frame, be that a box that was drawn below the letters or the tissue that moves between them. Names and dates
 * there survive every cropping, so a person has to look.
 */
import type { GreyVideo } from '../imaging/image.ts';
import { SMALLEST_CHANGE } from './sector.ts';

/** Grey level of ink, and step from ink to its ground in every frame. */
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

/** The least and greatest grey level of each pixel over time, each over [rows, columns]. */
function extremes({ frames, rows, columns, intensities }: GreyVideo) {
  const pixels = rows * columns;
  const least = intensities.slice(0, pixels);
  const greatest = intensities.slice(0, pixels);
  for (let frame = 1; frame < frames; frame++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = intensities[frame * pixels + pixel]!;
      if (value < least[pixel]!) least[pixel] = value;
      if (value > greatest[pixel]!) greatest[pixel] = value;
    }
  }
  return { least, greatest };
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
  const { frames, rows, columns } = video;
  if (frames < FEWEST_FRAMES) return undefined;
  const { least, greatest } = extremes(video);
  const isInk = (pixel: number) =>
    least[pixel]! >= INK && greatest[pixel]! - least[pixel]! <= SMALLEST_CHANGE;
  const isEdge = (pixel: number) =>
    [-1, 1, -columns, columns].some((step) => least[pixel]! - greatest[pixel + step]! > EDGE);
  let found: ResidualText | undefined;
  for (let row = 1; row < rows - 1; row++) {
    for (let column = 1; column < columns - 1; column++) {
      const pixel = row * columns + column;
      if (sector[pixel] !== 0 && isInk(pixel) && isEdge(pixel)) found = grownBy(found, row, column);
    }
  }
  return found !== undefined && found.pixels >= SMALLEST_TEXT ? found : undefined;
}
