/**
 * What hides parts of a phantom's heart for some of the time, so that a segmentation has to know its shape and how it
 * moves: a lateral wall that comes and goes, and a valve plane that fades beside a bright line that stands still.
 * Both can be told from what is seen around them and at other times; the source domain has neither.
 */
import type { RandomStream } from '../../ground/random.ts';

/** Signal lost in a part of the lateral wall for some of the time. */
export interface LateralDropout {
  /** Centre and half width along the long axis, as shares of the cavity's length. */
  readonly centre: number;
  readonly halfWidth: number;
  /** Loss in decibels, one value per frame. */
  readonly lossDb: Float32Array;
}

/** Leaflets and the ends of walls and atrium at the mitral plane fade; a static line beside them does not. */
export interface ValveFade {
  /** Loss in decibels at the plane, one value per frame. */
  readonly lossDb: Float32Array;
  /**
   * The line's distance from the middle of the plane's excursion along the axis: above 0 on the atrial side, below on
   * the ventricle's.
   */
  readonly decoyMm: number;
  readonly decoyDb: number;
}

/** How video and heart go together in time. */
export interface Timing {
  readonly frames: number;
  readonly framesPerBeat: number;
}

export const decoyRangeMm = [6, 14] as const;
export const fadeBeats = [0.5, 2] as const;
const dropoutPeriodBeats = [1, 3] as const;
/** Share of a video's frames in which the lateral wall is seen, and in which the valve plane is, at least. */
export const LEAST_SEEN = 0.3;
/** A part is seen where it loses less than this share of its greatest loss. */
export const SEEN_BELOW = 0.5;
const RAMP_FRAMES = 2;

function between([low, high]: readonly [number, number], random: RandomStream): number {
  return low + (high - low) * random.uniform();
}

/** 1 inside `from`..`to`, half at its ends, falling to 0 over RAMP_FRAMES around them. */
function plateau(t: number, from: number, to: number): number {
  const inside = Math.min(t - from, to - t) / RAMP_FRAMES + 0.5;
  return Math.max(0, Math.min(1, inside));
}

/** A steady loss with a slow wave on it. */
export function wavingLoss(frames: number, peak: number, random: RandomStream): Float32Array {
  const period = 10 + 20 * random.uniform();
  const phase = random.uniform();
  return Float32Array.from(
    { length: frames },
    (_, t) => peak * (0.85 + 0.15 * Math.sin(2 * Math.PI * (t / period + phase))),
  );
}

/** Share of frames with less than SEEN_BELOW of the greatest loss, in [0, 1]. */
export function shareSeen(lossDb: Float32Array): number {
  const most = Math.max(...lossDb);
  return lossDb.filter((loss) => loss < SEEN_BELOW * most).length / lossDb.length;
}

/** Loss of the lateral wall with a period of 1 to 3 beats; the wall is seen in at least LEAST_SEEN of the frames. */
export function drawLateralDropout(
  { frames, framesPerBeat }: Timing,
  lossRangeDb: readonly [number, number],
  random: RandomStream,
): LateralDropout {
  const period = framesPerBeat * between(dropoutPeriodBeats, random);
  const lost = period * between([0.4, 0.62], random);
  const peak = between(lossRangeDb, random);
  const start = period * random.uniform();
  const course = (begin: number) =>
    Float32Array.from({ length: frames }, (_, t) => {
      const position = (t - begin) % period;
      return peak * plateau(position < 0 ? position + period : position, 0, lost);
    });
  // A video may lie within the lost part of a long period: the beat is then moved until enough of the wall is seen.
  const turns = Array.from({ length: 24 }, (_, i) => course(start + (period * i) / 24));
  const lossDb =
    turns.find((turn) => shareSeen(turn) >= LEAST_SEEN && Math.max(...turn) > 0.9 * peak) ?? turns[0]!;
  return {
    centre: between([0.42, 0.62], random),
    halfWidth: between([0.36, 0.5], random),
    lossDb,
  };
}

/** One fade of half a beat to two beats, no longer than leaves LEAST_SEEN of the frames, with its decoy. */
export function drawValveFade(
  { frames, framesPerBeat }: Timing,
  lossRangeDb: readonly [number, number],
  decoyRangeDb: readonly [number, number],
  random: RandomStream,
): ValveFade {
  const longest = Math.min(fadeBeats[1], ((1 - LEAST_SEEN) * frames - 1) / framesPerBeat);
  const length = framesPerBeat * between([fadeBeats[0], Math.max(fadeBeats[0], longest)], random);
  const begin = (frames - length) * random.uniform();
  const peak = between(lossRangeDb, random);
  const atrial = random.uniform() < 0.6;
  const distance = between(decoyRangeMm, random);
  return {
    lossDb: Float32Array.from({ length: frames }, (_, t) => peak * plateau(t, begin, begin + length)),
    decoyMm: atrial ? distance : -distance,
    decoyDb: between(decoyRangeDb, random),
  };
}
