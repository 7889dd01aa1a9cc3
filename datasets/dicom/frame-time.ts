/**
 * Milliseconds between frames from a header: frame time, the vector of frame times, or a frame rate; the first that can
 * be one.
 */
import type { DataSet } from 'dicom-parser';
import { isPlausibleFrameTime } from '../limits.ts';
import { numberOf, numbersOf, tags } from './header-values.ts';

interface StatedFrameTime {
  /** The first plausible one; undefined when there is none. */
  readonly frameTimeMs: number | undefined;
  /** Where it stands, by the standard's keyword. */
  readonly source: string;
  /** What was found but cannot be the time between two frames of a heart, as "FrameTime 5000 ms". */
  readonly implausible: readonly string[];
}

/** Mean step of the vector, whose first number is the time before the first frame. */
function meanStep(header: DataSet): number | undefined {
  const vector = numbersOf(header, tags.frameTimeVector);
  const steps = vector[0] === 0 ? vector.slice(1) : vector;
  if (steps.length === 0 || !steps.every((step) => step >= 0)) return undefined;
  return steps.reduce((sum, step) => sum + step, 0) / steps.length;
}

function fromRate(rate: number | undefined): number | undefined {
  return rate === undefined || rate === 0 ? undefined : 1000 / rate;
}

/** What the header says; a still picture needs none. */
export function statedFrameTime(header: DataSet): StatedFrameTime {
  const candidates: readonly (readonly [string, number | undefined])[] = [
    ['FrameTime', numberOf(header, tags.frameTime)],
    ['FrameTimeVector', meanStep(header)],
    ['CineRate', fromRate(numberOf(header, tags.cineRate))],
    ['RecommendedDisplayFrameRate', fromRate(numberOf(header, tags.recommendedDisplayFrameRate))],
  ];
  const implausible: string[] = [];
  for (const [source, time] of candidates) {
    if (time === undefined) continue;
    if (isPlausibleFrameTime(time)) return { frameTimeMs: time, source, implausible };
    // 0 is how exporters say nothing.
    if (time !== 0) implausible.push(`${source} ${Number(time.toPrecision(4))} ms`);
  }
  return { frameTimeMs: undefined, source: 'none', implausible };
}
