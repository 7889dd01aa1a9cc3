/** Scores of loops as the rows of a table: means with bootstrap intervals over patients, medians, shares. */
import { randomStream } from '../../ground/random.ts';
import { bootstrapMean, type Interval } from '../../metrics/statistics.ts';
import type { LoopScore } from './score.ts';

export interface Measured extends Interval {
  readonly median: number;
  readonly loops: number;
}

/** Shares are in [0, 1]; measures that no loop has are left out. */
export interface LoopsSummary {
  readonly loops: number;
  readonly lv?: Measured;
  readonly lvAtEd?: Measured;
  readonly lvAtEs?: Measured;
  readonly myo?: Measured;
  readonly hausdorffMm?: Measured;
  readonly anatomicallyValid?: Interval;
  readonly temporallyValid?: Interval;
  /** Mean share of a loop's frames. */
  readonly invalidFrames?: Interval;
  /** Mean number in a loop. */
  readonly flaggedFrames?: Interval;
}

/** Every loop is of another patient, so loops are drawn. The same scores give the same intervals. */
export function summariseLoops(scores: readonly LoopScore[]): LoopsSummary {
  const measured = (
    name: string,
    measureOf: (score: LoopScore) => number | undefined,
  ): Measured | undefined => {
    const values = scores.map(measureOf).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    return {
      ...bootstrapMean(values, randomStream(0, 'real-echo', name)),
      median: medianOf(values),
      loops: values.length,
    };
  };
  const all: Record<string, Measured | undefined> = {
    lv: measured('lv', ({ lv }) => lv?.loop),
    lvAtEd: measured('lv at ed', ({ lv }) => lv?.ed),
    lvAtEs: measured('lv at es', ({ lv }) => lv?.es),
    myo: measured('myo', ({ myo }) => myo),
    hausdorffMm: measured('hausdorff', ({ hausdorffMm }) => hausdorffMm),
    anatomicallyValid: measured('anatomical', ({ anatomicallyValid }) => Number(anatomicallyValid)),
    temporallyValid: measured('temporal', ({ temporallyValid }) => Number(temporallyValid)),
    invalidFrames: measured('invalid frames', ({ invalidFrames, frames }) => invalidFrames / frames),
    flaggedFrames: measured('flagged frames', ({ flaggedFrames }) => flaggedFrames),
  };
  const known = Object.entries(all).filter(([, value]) => value !== undefined);
  return { loops: scores.length, ...Object.fromEntries(known) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
