/**
 * Finds the ultrasound sector of a recording by what moves, to blank what the scanner wrote around it: names, times,
 * scales, logos. Text stays where it is and lies apart; tissue and speckle change all over the sector.
 *
 * Limits: what is written inside the sector stays, and so does what touches its outline; a recording without motion
 * (one frame, a frozen picture) has no sector to find.
 */
import { largestComponent } from '../imaging/components.ts';
import type { GreyVideo } from '../imaging/image.ts';

/** Grey levels that a pixel must span to count as changing: above JPEG's own unrest. */
export const SMALLEST_CHANGE = 10 / 255;
/** Gaps to bridge and margin to leave, as a share of the picture's height. */
const BRIDGE_SHARE = 0.015;
/** A smaller region is a blinking sign, not a sector. */
const SMALLEST_SHARE = 0.05;

/** Pixels of a row or column in a picture. */
interface PixelLine {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** Sets in `result` the pixels of a line within `radius` of one that is set in `mask`. */
function dilateLine(mask: Uint8Array, result: Uint8Array, line: PixelLine, radius: number): void {
  const { start, step, length } = line;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length + radius; i++) {
    if (i < length && mask[start + i * step] === 1) last = i;
    const place = i - radius;
    if (place >= 0 && last >= place - radius) result[start + place * step] = 1;
  }
}

function dilated(mask: Uint8Array, rows: number, columns: number, radius: number): Uint8Array {
  const across = new Uint8Array(mask.length);
  for (let row = 0; row < rows; row++) {
    dilateLine(mask, across, { start: row * columns, step: 1, length: columns }, radius);
  }
  const result = new Uint8Array(mask.length);
  for (let column = 0; column < columns; column++) {
    dilateLine(across, result, { start: column, step: columns, length: rows }, radius);
  }
  return result;
}

/** One side of the convex hull of points [row, column] given by rising row: `side` -1 the left one, 1 the right one. */
function hullSide(points: readonly (readonly [number, number])[], side: 1 | -1): [number, number][] {
  const chain: [number, number][] = [];
  for (const [row, column] of points) {
    while (chain.length >= 2) {
      const [r1, c1] = chain.at(-1)!;
      const [r0, c0] = chain.at(-2)!;
      const isInside = side * (c1 - c0) * (row - r0) <= side * (column - c0) * (r1 - r0);
      if (!isInside) break;
      chain.pop();
    }
    chain.push([row, column]);
  }
  return chain;
}

/** Column of the chain at every row from its first to its last. */
function chainColumns(chain: readonly [number, number][]): Map<number, number> {
  const columns = new Map<number, number>([[chain[0]![0], chain[0]![1]]]);
  for (let i = 1; i < chain.length; i++) {
    const [r0, c0] = chain[i - 1]!;
    const [r1, c1] = chain[i]!;
    for (let row = r0 + 1; row <= r1; row++) columns.set(row, c0 + ((c1 - c0) * (row - r0)) / (r1 - r0));
  }
  return columns;
}

function convexHull(mask: Uint8Array, rows: number, columns: number): Uint8Array {
  const left: [number, number][] = [];
  const right: [number, number][] = [];
  for (let row = 0; row < rows; row++) {
    const line = mask.subarray(row * columns, (row + 1) * columns);
    const first = line.indexOf(1);
    if (first < 0) continue;
    left.push([row, first]);
    right.push([row, line.lastIndexOf(1)]);
  }
  const from = chainColumns(hullSide(left, -1));
  const to = chainColumns(hullSide(right, 1));
  const hull = new Uint8Array(mask.length);
  for (const [row, start] of from)
    hull.fill(1, row * columns + Math.ceil(start), row * columns + Math.floor(to.get(row)!) + 1);
  return hull;
}

/**
 * The sector of a video as 0/1 over [rows, columns]: the convex hull of its largest connected changing region, with a
 * small margin. Undefined when nothing large enough changes.
 */
export function findSector(video: GreyVideo): Uint8Array | undefined {
  const { frames, rows, columns, intensities } = video;
  const pixels = rows * columns;
  const changing = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let frame = 0; frame < frames; frame++) {
      const value = intensities[frame * pixels + pixel]!;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
    if (highest - lowest > SMALLEST_CHANGE) changing[pixel] = 1;
  }
  const bridge = Math.max(1, Math.round(rows * BRIDGE_SHARE));
  const sector = largestComponent(dilated(changing, rows, columns, bridge), rows, columns, 8);
  const area = sector.reduce((sum, inside) => sum + inside, 0);
  return area < SMALLEST_SHARE * pixels ? undefined : convexHull(sector, rows, columns);
}

/** The video with 0 outside `keep` (0/1 over [rows, columns]). */
export function blankOutside<Video extends GreyVideo>(video: Video, keep: Uint8Array): Video {
  const intensities = video.intensities.slice();
  for (let i = 0, pixel = 0; i < intensities.length; i++) {
    if (keep[pixel] === 0) intensities[i] = 0;
    pixel = pixel + 1 === keep.length ? 0 : pixel + 1;
  }
  return { ...video, intensities };
}

/**
 * Grey level from which something outside the sector is writing, a scale or a trace, and not the sector's own faint
 * edge.
 */
const WRITTEN = 0.25;
const FEWEST_WRITTEN = 12;

/**
 * The video without what was written around its sector, and how many pixels that were; the video itself where there
 * is no sector, or nothing around it. For formats whose header states no region.
 */
export function withoutSurroundings<Video extends GreyVideo>(
  video: Video,
): { video: Video; blankedPixels: number } {
  const sector = findSector(video);
  if (sector === undefined) return { video, blankedPixels: 0 };
  const pixels = sector.length;
  let written = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (sector[pixel] === 1) continue;
    for (let frame = 0; frame < video.frames; frame++) {
      if (video.intensities[frame * pixels + pixel]! < WRITTEN) continue;
      written++;
      break;
    }
  }
  if (written < FEWEST_WRITTEN) return { video, blankedPixels: 0 };
  return { video: blankOutside(video, sector), blankedPixels: written };
}
