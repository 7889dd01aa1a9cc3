/**
 * Numbers of a file to grey levels in [0, 1], scaled by what is there and not by what their type could hold: single
 * precision from 0 to 1.02, z-scores and 16-bit recordings of 141 levels keep their levels. What was done is returned
 * as facts.
 */
import { DomainError } from '../ground/errors.ts';
import { type GreyScaling, MOST_LEVELS, type VideoFacts } from './video-facts.ts';

export type NumberArray = Float32Array | Float64Array | Uint8Array | Uint16Array | Int16Array;

export interface GreySource {
  /** Bits of a sample as the file states them. */
  readonly sourceBits: number;
  /** True for bytes that the header does not rescale: 255 is white, however dark the picture. */
  readonly isByteScale: boolean;
  /** The range of white and black that the header states; used when it suits the pixels. */
  readonly window?: { readonly low: number; readonly high: number } | undefined;
}

export interface ScaledLevels {
  readonly intensities: Float32Array;
  readonly facts: VideoFacts;
}

/**
 * The full range may be this many times the central 99.8 % of pixels; beyond it, outliers would squeeze the picture.
 */
const OUTLIER_RATIO = 8;
const TAIL_SHARE = 0.001;
/** Percentiles are taken from about this many pixels, evenly spread. */
const SAMPLED = 200_000;

interface Extremes {
  readonly least: number;
  readonly greatest: number;
  readonly areWhole: boolean;
}

function extremesOf(values: NumberArray): Extremes {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let areWhole = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (areWhole && !Number.isInteger(value)) areWhole = false;
  }
  return { least, greatest, areWhole };
}

/** Different values, counted to MOST_LEVELS. */
function countLevels(values: NumberArray, { least, greatest, areWhole }: Extremes): number {
  if (areWhole && greatest - least < 2 ** 24) {
    const seen = new Uint8Array(greatest - least + 1);
    let levels = 0;
    for (let i = 0; i < values.length && levels < MOST_LEVELS; i++) {
      const level = values[i]! - least;
      if (seen[level] === 1) continue;
      seen[level] = 1;
      levels++;
    }
    return levels;
  }
  const seen = new Set<number>();
  for (let i = 0; i < values.length && seen.size < MOST_LEVELS; i++) seen.add(values[i]!);
  return seen.size;
}

function centralRange(values: NumberArray): { low: number; high: number } {
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  const sample = new Float64Array(Math.ceil(values.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * step]!;
  sample.sort();
  const tail = Math.floor(TAIL_SHARE * (sample.length - 1));
  return { low: sample[tail]!, high: sample[sample.length - 1 - tail]! };
}

/** Black stays black where there is one: a range that starts near 0 starts at 0. */
function withZero(low: number, high: number, source: GreySource): number {
  return low >= 0 && low <= high - low && source.sourceBits > 8 ? 0 : low;
}

/** True when no pixel lies outside the window and the picture fills a good part of it. */
function fitsWindow({ least, greatest }: Extremes, { low, high }: { low: number; high: number }): boolean {
  return high > low && least >= low && greatest <= high && (greatest - least) * OUTLIER_RATIO >= high - low;
}

function chooseScaling(values: NumberArray, extremes: Extremes, source: GreySource): GreyScaling {
  const { least, greatest, areWhole } = extremes;
  if (source.isByteScale) return { kind: 'type', low: 0, high: 255 };
  if (source.window && fitsWindow(extremes, source.window)) return { kind: 'window', ...source.window };
  // Bytes in a wider type, as converters write them: two recordings of one scanner stay comparable.
  if (areWhole && least >= 0 && greatest <= 255) return { kind: 'type', low: 0, high: 255 };
  if (greatest === least) return { kind: 'range', low: Math.min(0, least), high: Math.max(1, greatest) };
  const central = centralRange(values);
  const isSqueezed =
    central.high > central.low && greatest - least > OUTLIER_RATIO * (central.high - central.low);
  const { low, high } = isSqueezed ? central : { low: least, high: greatest };
  return { kind: isSqueezed ? 'robust' : 'range', low: withZero(low, high, source), high };
}

/** Bits in which a dataset stores the video: 16 where the source has more levels than bytes hold. */
export function storedBits({ sourceBits, scaling }: Pick<VideoFacts, 'sourceBits' | 'scaling'>): 8 | 16 {
  return sourceBits <= 8 || (scaling.kind === 'type' && scaling.high === 255) ? 8 : 16;
}

/** Different values left after rounding intensities in [0, 1] to whole numbers of `bits`. */
function countKeptLevels(intensities: Float32Array, bits: 8 | 16): number {
  const highest = 2 ** bits - 1;
  const seen = new Uint8Array(highest + 1);
  for (let i = 0; i < intensities.length; i++) seen[Math.round(intensities[i]! * highest)] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}

/**
 * Scales `values` of shape [frames, rows, columns] into [0, 1]; values outside the chosen range are clipped.
 * @throws DatasetInvalid NaN or infinite pixels, with their number and first frame
 */
export function scaleGreyLevels(
  values: NumberArray,
  source: GreySource,
  place: { readonly name: string; readonly pixelsPerFrame: number },
): ScaledLevels {
  requireFinite(values, place);
  const extremes = extremesOf(values);
  const scaling = chooseScaling(values, extremes, source);
  const { low, high } = scaling;
  const intensities = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    intensities[i] = Math.min(1, Math.max(0, (values[i]! - low) / (high - low)));
  }
  const { sourceBits } = source;
  return {
    intensities,
    facts: {
      sourceBits,
      distinctLevels: countLevels(values, extremes),
      keptLevels: countKeptLevels(intensities, storedBits({ sourceBits, scaling })),
      scaling,
    },
  };
}

function requireFinite(values: NumberArray, place: { name: string; pixelsPerFrame: number }): void {
  let broken = 0;
  let first = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    if (broken++ === 0) first = i;
  }
  if (broken === 0) return;
  throw new DomainError(
    'DatasetInvalid',
    `${place.name}: expected finite grey levels, found ${broken} NaN or infinite pixels, the first in frame ${Math.floor(first / place.pixelsPerFrame)}. ` +
      'Replace them (by 0 outside the sector) and import the file again.',
    { pixels: broken },
  );
}
