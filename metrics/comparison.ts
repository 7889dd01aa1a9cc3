/** Two methods on the same videos: paired differences with intervals and tests. */

import { randomStream } from '../ground/random.ts';
import type { Comparison, PairedMeasure, PairedVerdict, VideoScore } from './evaluation.ts';
import { eachMeasure, type Measure } from './measures.ts';
import { bootstrapMean, mcNemar, wilcoxonSignedRank } from './statistics.ts';

const RESAMPLES = 4000;

export interface ScorePair {
  readonly prediction: VideoScore;
  readonly baseline: VideoScore;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pairedMeasure(
  pairs: readonly ScorePair[],
  measure: Measure,
  name: string,
): PairedMeasure | undefined {
  const values = pairs
    .map((pair) => [measure(pair.prediction), measure(pair.baseline)] as const)
    .filter(
      (pair): pair is readonly [number, number] => typeof pair[0] === 'number' && typeof pair[1] === 'number',
    );
  if (values.length === 0) return undefined;
  const prediction = values.map((pair) => pair[0]);
  const baseline = values.map((pair) => pair[1]);
  const differences = values.map((pair) => pair[0] - pair[1]);
  const interval = bootstrapMean(differences, randomStream(0, 'difference', name), RESAMPLES);
  return {
    prediction: mean(prediction),
    baseline: mean(baseline),
    difference: interval.mean,
    interval: { low: interval.low, high: interval.high },
    pValue: wilcoxonSignedRank(prediction, baseline).pValue,
    videos: values.length,
  };
}

/** Undefined without pairs: shares of no videos would read as a result. */
function pairedVerdict(
  pairs: readonly ScorePair[],
  valid: (score: VideoScore) => boolean,
): PairedVerdict | undefined {
  if (pairs.length === 0) return undefined;
  const prediction = pairs.map((pair) => valid(pair.prediction));
  const baseline = pairs.map((pair) => valid(pair.baseline));
  const share = (verdicts: readonly boolean[]) => mean(verdicts.map(Number));
  const { onlyFirst, onlySecond, pValue } = mcNemar(prediction, baseline);
  return {
    prediction: share(prediction),
    baseline: share(baseline),
    onlyPrediction: onlyFirst,
    onlyBaseline: onlySecond,
    pValue,
  };
}

/**
 * Wilcoxon's test on every measure that both methods have, McNemar's on the verdicts. The ejection fraction and strain
 * are no measures of quality, so they are not compared.
 */
export function compareMethods(pairs: readonly ScorePair[]): Comparison {
  const {
    anatomicalValidity,
    temporalValidity,
    temporalValidityAtFrameRate,
    ejectionFraction,
    gls,
    ...measures
  } = eachMeasure((measure, name) => pairedMeasure(pairs, measure, name));
  const atFrameRate = pairs.filter(
    ({ prediction, baseline }) => prediction.temporalAtFrameRate && baseline.temporalAtFrameRate,
  );
  const verdicts = {
    anatomicalValidity: pairedVerdict(pairs, (score) => score.anatomical.valid),
    temporalValidity: pairedVerdict(pairs, (score) => score.temporal.valid),
    temporalValidityAtFrameRate: pairedVerdict(
      atFrameRate,
      (score) => score.temporalAtFrameRate?.valid === true,
    ),
  };
  const known = Object.entries(verdicts).filter(([, verdict]) => verdict !== undefined);
  return { videos: pairs.length, ...measures, ...Object.fromEntries(known) };
}
