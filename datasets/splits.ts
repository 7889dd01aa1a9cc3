/** Splits by study: all videos of one patient go the same way (method.md 2). */
import { randomStream, shuffled } from '../ground/random.ts';
import type { Split } from './manifest.ts';

export interface SplitShares {
  readonly val: number;
  readonly test: number;
}

/**
 * Split of every study; repetitions are one study. Studies are ordered by name before they are drawn, so the answer does
 * not depend on the order of the input. The rest is for training. From three studies on, a share above 0 gets at least one.
 */
export function splitStudies(
  studies: Iterable<string>,
  seed: number,
  shares: SplitShares = { val: 0.1, test: 0.1 },
): Map<string, Split> {
  const unique = [...new Set(studies)].sort((a, b) => (a < b ? -1 : 1));
  const order = shuffled(unique, randomStream(seed, 'splits'));
  const count = (share: number) =>
    order.length < 3 || share <= 0 ? 0 : Math.max(1, Math.round(share * order.length));
  const test = count(shares.test);
  const val = Math.min(count(shares.val), Math.max(0, order.length - test - 1));
  return new Map(
    order.map((study, i) => [study, i < test ? 'test' : i < test + val ? 'val' : 'train'] as const),
  );
}
