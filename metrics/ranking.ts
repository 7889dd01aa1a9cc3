/** How well a score ranks what it should find above all else. */
import { DomainError } from '../ground/errors.ts';

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, both drawn at random, a tie counting
 * half (the Mann-Whitney statistic). `positive` is not 0 where there is something to find. 0.5 is chance; undefined
 * unless there are positives and negatives.
 * @throws DomainError GeometryMismatch when the lists differ in length.
 */
export function areaUnderRoc(positive: ArrayLike<number>, score: ArrayLike<number>): number | undefined {
  if (positive.length !== score.length) {
    throw new DomainError(
      'GeometryMismatch',
      `Expected one score for each pixel, found ${score.length} for ${positive.length}.`,
    );
  }
  const positives = sorted(score, (i) => positive[i] !== 0);
  const negatives = sorted(score, (i) => positive[i] === 0);
  if (positives.length === 0 || negatives.length === 0) return undefined;
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const value of positives) {
    while (below < negatives.length && negatives[below]! < value) below++;
    notAbove = Math.max(notAbove, below);
    while (notAbove < negatives.length && negatives[notAbove]! <= value) notAbove++;
    wins += (below + notAbove) / 2;
  }
  return wins / (positives.length * negatives.length);
}

function sorted(values: ArrayLike<number>, chosen: (index: number) => boolean): Float64Array {
  const result = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (chosen(i)) result[count++] = values[i]!;
  return result.slice(0, count).sort();
}
