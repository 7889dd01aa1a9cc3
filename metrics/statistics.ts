/**
 * Is one method better than another on the same videos: bootstrap interval of a mean, Wilcoxon's signed-rank test for
 * paired measures, McNemar's test for paired verdicts. All p-values are two-sided.
 */
import { DomainError } from '../ground/errors.ts';
import type { RandomStream } from '../ground/random.ts';

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Value at a share of a sorted list, interpolated between neighbours. */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/**
 * Mean with its bootstrap percentile interval (95 % by default) from resampling the values with replacement.
 * @throws DatasetInvalid for an empty list.
 */
export function bootstrapMean(
  values: ArrayLike<number>,
  random: RandomStream,
  resamples = 10_000,
  level = 0.95,
): Interval {
  const count = values.length;
  if (count === 0) throw new DomainError('DatasetInvalid', 'A mean needs at least one value, found none.');
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i]!;
  const means = new Float64Array(resamples);
  for (let k = 0; k < resamples; k++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[random.integer(count)]!;
    means[k] = sum / count;
  }
  means.sort();
  return {
    mean: total / count,
    low: quantile(means, (1 - level) / 2),
    high: quantile(means, (1 + level) / 2),
  };
}

/** Upper tail of the standard normal, relative error under 1.2e-7 (Chebyshev fit of erfc, Press et al.). */
function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * t + coefficients[k]!;
  const erfc = t * Math.exp(-x * x + sum);
  return z >= 0 ? erfc / 2 : 1 - erfc / 2;
}

/** Largest number of pairs for which the exact distribution is used, as scipy does. */
const EXACT_PAIRS = 50;

/** Probability of a rank sum up to `statistic` when each of 1..count is counted with probability one half. */
function exactRankSumTail(statistic: number, count: number): number {
  const most = (count * (count + 1)) / 2;
  const ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= count; rank++) {
    for (let sum = most; sum >= rank; sum--) ways[sum] = (ways[sum]! + ways[sum - rank]!) / 2;
    for (let sum = 0; sum < rank; sum++) ways[sum]! /= 2;
  }
  let tail = 0;
  for (let sum = 0; sum <= Math.min(statistic, most); sum++) tail += ways[sum]!;
  return tail;
}

export interface WilcoxonResult {
  /** The smaller of the rank sums of positive and negative differences. */
  readonly statistic: number;
  readonly pValue: number;
  /** Pairs that differ. */
  readonly pairs: number;
}

/**
 * Wilcoxon's signed-rank test of paired values. Pairs without a difference are left out; ties share their mean rank.
 * Exact for up to 50 pairs without ties and equal pairs, otherwise by the normal approximation with tie correction.
 * Without any difference p is 1.
 * @throws DatasetInvalid when the lists differ in length.
 */
export function wilcoxonSignedRank(a: ArrayLike<number>, b: ArrayLike<number>): WilcoxonResult {
  if (a.length !== b.length) {
    throw new DomainError(
      'DatasetInvalid',
      `Paired values need equal lists, found ${a.length} and ${b.length}.`,
    );
  }
  const differences = Array.from({ length: a.length }, (_, i) => a[i]! - b[i]!).filter((d) => d !== 0);
  differences.sort((x, y) => Math.abs(x) - Math.abs(y));
  const pairs = differences.length;
  if (pairs === 0) return { statistic: 0, pValue: 1, pairs };
  let positive = 0;
  let tieTerm = 0;
  for (let start = 0; start < pairs; ) {
    let end = start + 1;
    while (end < pairs && Math.abs(differences[end]!) === Math.abs(differences[start]!)) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (differences[i]! > 0) positive += rank;
    tieTerm += (end - start) ** 3 - (end - start);
    start = end;
  }
  const total = (pairs * (pairs + 1)) / 2;
  const statistic = Math.min(positive, total - positive);
  if (tieTerm === 0 && pairs === a.length && pairs <= EXACT_PAIRS) {
    return { statistic, pValue: Math.min(1, 2 * exactRankSumTail(statistic, pairs)), pairs };
  }
  const variance = (pairs * (pairs + 1) * (2 * pairs + 1)) / 24 - tieTerm / 48;
  const z = (statistic - total / 2) / Math.sqrt(variance);
  return { statistic, pValue: Math.min(1, 2 * normalTail(Math.abs(z))), pairs };
}

export interface McNemarResult {
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly pValue: number;
}

/**
 * McNemar's exact test of paired verdicts, such as the validity of the same videos under two methods: the binomial
 * test on the pairs where they differ. Without such pairs p is 1.
 * @throws DatasetInvalid when the lists differ in length.
 */
export function mcNemar(first: readonly boolean[], second: readonly boolean[]): McNemarResult {
  if (first.length !== second.length) {
    throw new DomainError(
      'DatasetInvalid',
      `Paired verdicts need equal lists, found ${first.length} and ${second.length}.`,
    );
  }
  const onlyFirst = first.filter((verdict, i) => verdict && !second[i]).length;
  const onlySecond = second.filter((verdict, i) => verdict && !first[i]).length;
  const differing = onlyFirst + onlySecond;
  // Binomial probabilities by logarithms: 2^-n alone underflows for long lists.
  let logProbability = -differing * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += Math.exp(logProbability);
    logProbability += Math.log(differing - k) - Math.log(k + 1);
  }
  return { onlyFirst, onlySecond, pValue: Math.min(1, 2 * tail) };
}

/**
 * P-values of several tests, corrected for their number so that any of them is below a level by chance no more often
 * than that level says (Holm, Scandinavian Journal of Statistics 1979). In the order given.
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
