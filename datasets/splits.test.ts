import { expect, test } from 'vitest';
import { splitStudies } from './splits.ts';

const studies = Array.from({ length: 50 }, (_, i) => `study-${i}`);

function sizes(splits: Map<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const split of splits.values()) counts[split] = (counts[split] ?? 0) + 1;
  return counts;
}

test('studies are split 80/10/10', () => {
  expect(sizes(splitStudies(studies, 1))).toEqual({ train: 40, val: 5, test: 5 });
});

test('the seed decides, not the order or the repetition of studies', () => {
  const splits = splitStudies(studies, 1);
  expect(splitStudies([...studies, ...studies].reverse(), 1)).toEqual(splits);
  expect(splitStudies(studies, 2)).not.toEqual(splits);
});

test('from three studies on there is something to validate and test on', () => {
  expect(sizes(splitStudies(['a', 'b', 'c'], 0))).toEqual({ train: 1, val: 1, test: 1 });
  expect(sizes(splitStudies(['a', 'b'], 0))).toEqual({ train: 2 });
  expect(splitStudies([], 0).size).toBe(0);
});
