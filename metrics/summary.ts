/** Scores of many videos as the figures of a run's report. */

import { randomStream } from '../ground/random.ts';
import type { EvaluationSummary, SummaryIntervals, VideoScore } from './evaluation.ts';
import { eachMeasure, valuesOf } from './measures.ts';
import { bootstrapMean } from './statistics.ts';

/** Enough that the ends of an interval move by about a hundredth of its width from one seed to another. */
const RESAMPLES = 4000;

/**
 * Means over videos, every video with the same weight. Measures that need a reference are averaged over the videos
 * that have one; what no video has is left out, of no videos all.
 */
export function summarise(scores: readonly VideoScore[]): EvaluationSummary {
  const means = eachMeasure((measure) => {
    const values = valuesOf(scores, measure);
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
  });
  return { ...means, videos: scores.length };
}

/**
 * 95 % bootstrap intervals of the means of `summarise`, of measures that two videos or more have: one draws itself
 * alone and would look certain. The same scores always give the same intervals.
 */
function summaryIntervals(scores: readonly VideoScore[]): SummaryIntervals {
  return eachMeasure((measure, name) => {
    const values = valuesOf(scores, measure);
    if (values.length < 2) return undefined;
    const { low, high } = bootstrapMean(values, randomStream(0, 'interval', name), RESAMPLES);
    return { low, high };
  });
}

/** `summarise` with intervals, over all videos and by view. Videos without a view are in none. */
export function summariseWithIntervals(scores: readonly VideoScore[]): EvaluationSummary {
  const withIntervals = (group: readonly VideoScore[]) => ({
    ...summarise(group),
    intervals: summaryIntervals(group),
  });
  const views = [...new Set(scores.flatMap((score) => score.view ?? []))].sort();
  const byView = views.map((view) => [view, withIntervals(scores.filter((score) => score.view === view))]);
  return { ...withIntervals(scores), ...(views.length > 0 && { byView: Object.fromEntries(byView) }) };
}
