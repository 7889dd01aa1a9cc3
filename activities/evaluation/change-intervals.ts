/** How far an adaptation's gain on its test videos can be told from chance. */
import type { ChangeIntervals } from '../../contracts/results.ts';
import { randomStream } from '../../ground/random.ts';
import type { Steps } from '../../ground/steps.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { eachMeasure, type Measure } from '../../metrics/measures.ts';
import { nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';

const { dice, hausdorffMm, ...single } = eachMeasure((of, name) => ({ of, name }));
/** As they are reported, with the name that each has among all measures. */
const MEASURES: Readonly<Record<keyof ChangeIntervals, NamedMeasure>> = {
  anatomicalValidity: single.anatomicalValidity!,
  temporalValidity: single.temporalValidity!,
  dice: dice!.mean!,
  diceLv: dice!.lv!,
  diceMyo: dice!.myo!,
  hausdorffMm: hausdorffMm!.mean!,
  mistakesPerCycle5mm: single.mistakesPerCycle5mm!,
};

interface NamedMeasure {
  readonly of: Measure;
  readonly name: string;
}

/**
 * 95 % bootstrap intervals of after - before, each video against itself and patients drawn whole, a measure a step;
 * without measures that fewer than two patients have on both sides: one draws itself alone and would look certain. The
 * same scores always give the same intervals.
 * @param studies of the videos; one that is not in it is a patient of its own.
 */
export function* changeIntervals(
  before: readonly VideoScore[],
  after: readonly VideoScore[],
  studies: Readonly<Record<string, string>>,
): Steps<ChangeIntervals> {
  const earlier = new Map(before.map((score) => [score.id, score]));
  const intervals: Partial<Record<string, { low: number; high: number }>> = {};
  for (const [reported, { of, name }] of Object.entries(MEASURES)) {
    const values = after.flatMap((score) => {
      const was = earlier.get(score.id);
      const [old, now] = [was && of(was), of(score)];
      if (typeof old !== 'number' || typeof now !== 'number') return [];
      return [{ seed: 0, patient: studies[score.id] ?? score.id, value: now - old }];
    });
    if (new Set(values.map(({ patient }) => patient)).size < 2) continue;
    const { low, high } = nestedBootstrapMean(values, randomStream(0, 'change', name));
    intervals[reported] = { low, high };
    yield;
  }
  return intervals;
}
