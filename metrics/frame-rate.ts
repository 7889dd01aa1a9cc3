/**
 * Temporal thresholds that know the frame rate (method.md 9.3). The published ones are made for videos of many frames
 * a beat: with fewer than ten, the ordinary contraction of a heart between two frames is a jump to them. Here each
 * threshold is at least what the fastest ordinary motion comes to at the video's frames per beat; from eleven on they
 * are the published ones.
 */
import { type TemporalMeasureName, temporalMeasureNames } from './evaluation.ts';

export type TemporalThresholds = Readonly<Record<TemporalMeasureName, number>>;

/** The shortest swing of a heart, its contraction from end-diastole to end-systole, as a share of the beat. */
const SWING_SHARE = 0.37;
/** 120 beats a minute: a shorter beat is not believed, so that a flickering segmentation is no fast heart. */
const SHORTEST_BEAT_MS = 500;
/** Below this no frame rate is judged. */
const FEWEST_FRAMES_PER_BEAT = 5;
/** How far above a cosine swing between its own extremes a measure of true labels, with their pixels, may turn. */
const TURN_MARGIN = 1.15;
/** Corners lie on pixels, so the base width, whose range is few of them, turns by so much more. */
const CORNER_MARGIN = 0.15;
/** Greatest way of a contour over one swing. */
const TRAVEL_MM = 15;
/** Share of the range of areas on either side of its middle that a crossing has to go through. */
const HYSTERESIS = 0.1;

/**
 * Longest stretch of frames in which an area, one value a frame, does not cross the middle of its range twice in the
 * same direction: no longer than a beat, give or take a frame, and nearly as long where the video shows one and a
 * half. Jumps that a segmentation adds can only hide in it where every beat has one.
 */
export function longestStretch(areas: ArrayLike<number>): number {
  const values = Array.from(areas);
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  let above: boolean | undefined;
  let longest = 0;
  const last = { up: 0, down: 0 };
  for (const [t, value] of values.entries()) {
    const height = range > 0 ? (value - least) / range - 0.5 : 0;
    if (Math.abs(height) < HYSTERESIS) continue;
    const now = height > 0;
    if (above !== undefined && now !== above) {
      const direction = now ? 'up' : 'down';
      longest = Math.max(longest, t - last[direction]);
      last[direction] = t;
    }
    above = now;
  }
  return Math.max(longest, values.length - last.up, values.length - last.down);
}

/**
 * Frames per beat that a video has at least, 5 or more: from its frame time and the shortest beat, and from the areas
 * of its ventricle, one a frame. A frame time of 0 or less is unknown; the second that many files state says nothing
 * either.
 */
export function leastFramesPerBeat(areas: ArrayLike<number>, frameTimeMs: number): number {
  const byTime = frameTimeMs > 0 ? SHORTEST_BEAT_MS / frameTimeMs : 0;
  // Both ends of a stretch lie between frames, so it may count one more than the beat has.
  return Math.max(FEWEST_FRAMES_PER_BEAT, byTime, longestStretch(areas) - 1);
}

/** The published thresholds, raised to what a heart of so many frames per beat (5 or more) moves by itself. */
export function thresholdsAtFrameRate(
  published: TemporalThresholds,
  framesPerBeat: number,
): TemporalThresholds {
  const swing = SWING_SHARE * framesPerBeat;
  // Second difference at the turning point of a cosine swing of height 1, and the way at its steepest from one frame to
  // the next.
  const turn = TURN_MARGIN * 0.5 * (1 - Math.cos(Math.PI / swing));
  const stepMm = TRAVEL_MM * Math.sin(Math.PI / (2 * swing));
  const motion: TemporalThresholds = {
    lvArea: turn,
    myoArea: turn,
    lvBaseWidth: turn + CORNER_MARGIN,
    lvLength: turn,
    epiCenterX: turn,
    epiCenterY: turn,
    hausdorffMyo: stepMm,
    hausdorffEpi: stepMm,
  };
  const raised = temporalMeasureNames.map((name) => [name, Math.max(published[name], motion[name])]);
  return Object.fromEntries(raised) as TemporalThresholds;
}
