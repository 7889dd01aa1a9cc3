/** The measures of a video that are averaged, compared or given an interval over videos: one list for all of them. */
import type { VideoScore } from './evaluation.ts';

/** A measure of a video; null or undefined where it could not be taken or needs a reference. */
export type Measure = (score: VideoScore) => number | null | undefined;

const structures = ['lv', 'myo', 'epi', 'mean'] as const;

const singleMeasures = {
  anatomicalValidity: (score) => Number(score.anatomical.valid),
  temporalValidity: (score) => Number(score.temporal.valid),
  temporalValidityAtFrameRate: ({ temporalAtFrameRate: judged }) => judged && Number(judged.valid),
  mistakesPerCycle5mm: (score) => score.landmarks?.mistakesPerCycle5mm,
  mistakesPerCycle7_5mm: (score) => score.landmarks?.mistakesPerCycle7_5mm,
  flaggedFrames: (score) => score.temporal.flaggedFrames.length,
  flaggedFramesAtFrameRate: (score) => score.temporalAtFrameRate?.flaggedFrames.length,
  ejectionFraction: (score) => score.clinical.ejectionFraction,
  gls: (score) => score.clinical.gls,
} satisfies Record<string, Measure>;

type FourOf<Result> = Partial<Record<(typeof structures)[number], Result>>;

/** A result by measure; those without one are left out. */
export type ByMeasure<Result> = {
  dice?: FourOf<Result>;
  hausdorffMm?: FourOf<Result>;
} & { [Name in keyof typeof singleMeasures]?: Result };

/** Calls `of` with every measure and its name; a measure for which it gives undefined is left out. */
export function eachMeasure<Result>(
  of: (measure: Measure, name: string) => Result | undefined,
): ByMeasure<Result> {
  const fourOf = (field: 'dice' | 'hausdorffMm') => {
    const results = structures
      .map((name) => [name, of((score) => score[field]?.[name], `${field}.${name}`)])
      .filter(([, result]) => result !== undefined);
    return results.length === 0 ? undefined : Object.fromEntries(results);
  };
  const all = [
    ['dice', fourOf('dice')],
    ['hausdorffMm', fourOf('hausdorffMm')],
    ...Object.entries(singleMeasures).map(([name, measure]) => [name, of(measure, name)]),
  ];
  return Object.fromEntries(all.filter(([, result]) => result !== undefined));
}

/** The values of the videos that have the measure, in order. */
export function valuesOf(scores: readonly VideoScore[], measure: Measure): number[] {
  return scores.map(measure).filter((value) => value !== null && value !== undefined);
}
