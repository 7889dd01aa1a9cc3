/** Splits by study: all videos of one patient go the same way (method.md 2). */
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { randomStream, shuffled } from '../ground/random.ts';
import type { Split } from './manifest.ts';

export interface SplitShares {
  readonly val: number;
  readonly test: number;
}

/**
 * Split of every study; repetitions are one study. Studies are ordered by name before they are drawn, so the answer
 * does not depend on the order of the input. The rest is for training. From three studies on, a share above 0 gets at
 * least one.
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

export interface StudyVideo {
  readonly study: string;
  /** As a release, a table or the person who imports says; undefined where it is to be drawn. */
  readonly split: Split | undefined;
}

/**
 * The split of every study: the one that it has already, else the stated one, else drawn. No study comes into two.
 * @param present splits of the studies that the dataset has
 * @throws DatasetInvalid when videos of one study are stated to be in two splits
 */
export function assignSplits(
  videos: readonly StudyVideo[],
  present: ReadonlyMap<string, Split>,
  seed: number,
): Map<string, Split> {
  const splits = new Map(present);
  const torn = new Set<string>();
  for (const { study, split } of videos) {
    if (split === undefined || present.has(study)) continue;
    if ((splits.get(study) ?? split) !== split) torn.add(study);
    splits.set(study, split);
  }
  if (torn.size > 0) {
    throw new DomainError(
      'DatasetInvalid',
      `expected all videos of a patient in one split, found ${counted(torn.size, 'patient')} in two, the first is ${[...torn][0]}. ` +
        'A model would be tested on patients that it learnt from. Correct the table of splits.',
    );
  }
  const rest = videos.map(({ study }) => study).filter((study) => !splits.has(study));
  for (const [study, split] of splitStudies(rest, seed)) splits.set(study, split);
  return splits;
}
