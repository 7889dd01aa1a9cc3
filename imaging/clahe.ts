/**
 * Contrast-limited adaptive histogram equalisation, frame by frame, with the results of scikit-image 0.22
 * `exposure.equalize_adapthist`: 14-bit grey levels, reflected borders, bilinear mixing of the regions' mappings.
 */
import type { GreyVideo } from './image.ts';

export interface ClaheOptions {
  /** Largest share of a region's pixels in one bin before the excess is spread out. */
  readonly clipLimit: number;
  /** Regions along each axis. */
  readonly tiles: number;
  /** Histogram bins. */
  readonly bins: number;
}

const GREY_LEVELS = 2 ** 14;

/** Cuts the bins off at `limit`; the pixels that were cut off. */
function cutOff(histogram: Int32Array, limit: number): number {
  let excess = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    if (histogram[bin]! <= limit) continue;
    excess += histogram[bin]! - limit;
    histogram[bin] = limit;
  }
  return excess;
}

/** Gives every bin with room the same share of `excess`; what is left of it. */
function spreadEvenly(histogram: Int32Array, limit: number, excess: number): number {
  const increment = Math.floor(excess / histogram.length);
  const upper = limit - increment;
  let left = excess;
  for (let bin = 0; bin < histogram.length; bin++) {
    if (histogram[bin]! < upper) {
      left -= increment;
      histogram[bin]! += increment;
    }
    // Bins that the increment brought near the limit are filled up as well.
    if (histogram[bin]! >= upper && histogram[bin]! < limit) {
      left -= limit - histogram[bin]!;
      histogram[bin] = limit;
    }
  }
  return left;
}

/** Gives one pixel each to bins with room, `from` and at equal steps beyond; what is left of `excess`. */
function spreadSingly(histogram: Int32Array, limit: number, from: number, excess: number): number {
  let room = 0;
  for (const pixels of histogram) if (pixels < limit) room += 1;
  const step = Math.max(1, Math.floor(room / excess));
  let left = excess;
  for (let bin = from; bin < histogram.length; bin += step) {
    if (histogram[bin]! >= limit) continue;
    histogram[bin]! += 1;
    left -= 1;
  }
  return left;
}

/** Spreads what exceeds `limit` evenly over the bins that have room, in place. */
function clipHistogram(histogram: Int32Array, limit: number): void {
  let excess = spreadEvenly(histogram, limit, cutOff(histogram, limit));
  let before = Number.NaN;
  while (excess > 0 && excess !== before) {
    before = excess;
    for (let from = 0; from < histogram.length && excess > 0; from++) {
      excess = spreadSingly(histogram, limit, from, excess);
    }
  }
}

/** Position in the axis of index `i`, reflected at both ends without repeating the end pixel. */
function reflect(i: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const position = ((i % period) + period) % period;
  return position < size ? position : period - position;
}

/** One axis of the padded frame: its source indices, and how many regions it holds. */
function axisPlan(size: number, tiles: number) {
  const tile = Math.max(1, Math.floor(size / tiles));
  const before = Math.floor(tile / 2);
  const after = ((tile - (size % tile)) % tile) + Math.ceil(tile / 2);
  const length = before + size + after;
  const source = Int32Array.from({ length }, (_, i) => reflect(i - before, size));
  return { tile, before, source, regions: Math.floor(length / tile) - 1 };
}

/** The mappings of all regions, [regions down, regions across, bins]. */
function regionMappings(
  binned: Uint16Array,
  down: ReturnType<typeof axisPlan>,
  across: ReturnType<typeof axisPlan>,
  columns: number,
  { clipLimit, bins }: ClaheOptions,
): Int32Array {
  const pixels = down.tile * across.tile;
  const limit = clipLimit > 0 ? Math.floor(Math.max(1, clipLimit * pixels)) : pixels;
  const mappings = new Int32Array(down.regions * across.regions * bins);
  for (let region = 0; region < down.regions * across.regions; region++) {
    const top = down.before + Math.floor(region / across.regions) * down.tile;
    const left = across.before + (region % across.regions) * across.tile;
    const histogram = mappings.subarray(region * bins, (region + 1) * bins);
    for (let row = top; row < top + down.tile; row++) {
      const start = down.source[row]! * columns;
      for (let column = left; column < left + across.tile; column++) {
        histogram[binned[start + across.source[column]!]!]! += 1;
      }
    }
    clipHistogram(histogram, limit);
    const scale = (GREY_LEVELS - 1) / pixels;
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) {
      sum += histogram[bin]!;
      histogram[bin] = Math.floor(Math.min(GREY_LEVELS - 1, sum * scale));
    }
  }
  return mappings;
}

/** Smallest and largest value. */
function rangeOf(values: Float32Array): readonly [least: number, greatest: number] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** Every pixel's bin, of grey levels that span [lowest, highest]. */
function binnedLevels(frame: Float32Array, lowest: number, highest: number, bins: number): Uint16Array {
  const binSize = 1 + Math.floor(GREY_LEVELS / bins);
  const binned = new Uint16Array(frame.length);
  for (let i = 0; i < frame.length; i++) {
    const level = Math.round(((frame[i]! - lowest) / (highest - lowest)) * (GREY_LEVELS - 1));
    binned[i] = Math.floor(level / binSize);
  }
  return binned;
}

/** Equalises one frame of rows x columns; the result spans [0, 1]. A frame of one grey level stays as it is. */
export function equaliseFrame(
  frame: Float32Array,
  rows: number,
  columns: number,
  options: ClaheOptions,
): Float32Array {
  const [lowest, highest] = rangeOf(frame);
  if (!(highest > lowest)) return frame.slice();
  const binned = binnedLevels(frame, lowest, highest, options.bins);
  const down = axisPlan(rows, options.tiles);
  const across = axisPlan(columns, options.tiles);
  const mappings = regionMappings(binned, down, across, columns, options);
  const region = (r: number, c: number) =>
    (Math.min(down.regions - 1, Math.max(0, r)) * across.regions +
      Math.min(across.regions - 1, Math.max(0, c))) *
    options.bins;

  const result = new Float32Array(frame.length);
  for (let row = 0; row < rows; row++) {
    const block = Math.floor((row + down.before) / down.tile);
    const lowerShare = ((row + down.before) % down.tile) / down.tile;
    for (let column = 0; column < columns; column++) {
      const blockAcross = Math.floor((column + across.before) / across.tile);
      const rightShare = ((column + across.before) % across.tile) / across.tile;
      const bin = binned[row * columns + column]!;
      result[row * columns + column] = Math.floor(
        mappings[region(block - 1, blockAcross - 1) + bin]! * (1 - lowerShare) * (1 - rightShare) +
          mappings[region(block - 1, blockAcross) + bin]! * (1 - lowerShare) * rightShare +
          mappings[region(block, blockAcross - 1) + bin]! * lowerShare * (1 - rightShare) +
          mappings[region(block, blockAcross) + bin]! * lowerShare * rightShare,
      );
    }
  }
  // Whole numbers below 2^14, which the result holds without rounding.
  const [least, greatest] = rangeOf(result);
  const range = greatest - least;
  for (let i = 0; i < result.length; i++) result[i] = range > 0 ? (result[i]! - least) / range : 0;
  return result;
}

/** `equaliseFrame` on every frame of a video. */
export function equaliseFrames(video: GreyVideo, options: ClaheOptions): GreyVideo {
  const pixels = video.rows * video.columns;
  const intensities = new Float32Array(video.intensities.length);
  for (let frame = 0; frame < video.frames; frame++) {
    const pixelsOfFrame = video.intensities.subarray(frame * pixels, (frame + 1) * pixels);
    intensities.set(equaliseFrame(pixelsOfFrame, video.rows, video.columns, options), frame * pixels);
  }
  return { ...video, intensities };
}
