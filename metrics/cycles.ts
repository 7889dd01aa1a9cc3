/** Cardiac cycles from the area of the left ventricle over time (method.md 9.4). */
import { findPeaks } from './peaks.ts';

/** Frames added at each end by reflection, so that a peak or valley at the end of a video is one. */
const PADDING = 10;
const LEAST_DISTANCE = 10;
/** Shares of the range of the area. */
const LEAST_HEIGHT = 0.5;
const LEAST_PROMINENCE = 0.15;

export interface CardiacCycles {
  /** Number of valleys, at least 1. */
  readonly cycles: number;
  /** Frames near end-diastole, ascending. */
  readonly peaks: number[];
  /** Frames near end-systole, ascending. */
  readonly valleys: number[];
}

/** Index of the sample that a mirror without repeated ends shows at `index`. */
function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - inside;
}

/** Cycles of a sequence of areas in any unit, one value a frame; an empty sequence has 1 cycle without peaks. */
export function estimateCycles(area: ArrayLike<number>): CardiacCycles {
  const length = area.length;
  if (length === 0) return { cycles: 1, peaks: [], valleys: [] };
  const padded = new Float64Array(length + 2 * PADDING);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < padded.length; t++) {
    const value = area[mirrored(t - PADDING, length)]!;
    // Padding lies one unit lower, so that the mirror image of a peak does not outrank the peak.
    padded[t] = t < PADDING || t >= PADDING + length ? value - 1 : value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const range = most - least;
  const height = least + LEAST_HEIGHT * range;
  const prominence = range * LEAST_PROMINENCE;
  const inVideo = (frames: number[]) => frames.map((t) => t - PADDING).filter((t) => t >= 0 && t < length);
  const peaks = inVideo(findPeaks(padded, { distance: LEAST_DISTANCE, height, prominence }));
  // As published, valleys have no least prominence, only a height.
  const inverted = padded.map((value) => -value);
  const valleys = inVideo(findPeaks(inverted, { distance: LEAST_DISTANCE, height: -height }));
  return { cycles: Math.max(valleys.length, 1), peaks, valleys };
}
