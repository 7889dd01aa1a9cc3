/**
 * Frames in which a segmentation has lost the ventricle, wholly or to a speck: the smallest area of such a video is a
 * fault and not the end of systole.
 */
import { median } from '../ground/median.ts';

/**
 * Of the ventricle's area in the video, the median: a heart that empties to a tenth of its volume still shows more. A
 * smaller blob is a speck of something.
 */
export const LEAST_VENTRICLE_SHARE = 0.2;

/** Frames, rising, without a ventricle or with a speck of it, in a video that has one. @param area by frame */
export function framesWithoutVentricle(area: ArrayLike<number>): number[] {
  const areas = Array.from(area);
  const drawn = areas.filter((pixels) => pixels > 0);
  if (drawn.length === 0) return areas.map((_, frame) => frame);
  const least = LEAST_VENTRICLE_SHARE * median(drawn);
  return areas.flatMap((pixels, frame) => (pixels < least ? [frame] : []));
}

/** The areas with those of the lost frames on the line between their neighbours, or like the only neighbour. */
export function bridgedArea(area: ArrayLike<number>, lost: readonly number[]): Float64Array {
  const bridged = Float64Array.from(area);
  const kept = Array.from(bridged.keys()).filter((frame) => !lost.includes(frame));
  for (const frame of lost) {
    const before = kept.findLast((other) => other < frame);
    const after = kept.find((other) => other > frame);
    if (before === undefined && after === undefined) continue;
    const [from, to] = [before ?? after!, after ?? before!];
    const share = from === to ? 0 : (frame - from) / (to - from);
    bridged[frame] = (1 - share) * area[from]! + share * area[to]!;
  }
  return bridged;
}
