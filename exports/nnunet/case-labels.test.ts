import { expect, test } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { labelSetOf, withIgnored } from './case-labels.ts';

/** Three frames of one row: background, ventricle, myocardium. */
const reference = (known: Partial<LabelVideo> = {}): LabelVideo => ({
  ...{ frames: 3, rows: 1, columns: 3, spacingMm: [1, 1] as const, frameTimeMs: 40 },
  labels: Uint8Array.from([0, 1, 2, 0, 1, 2, 0, 1, 2]),
  ...known,
});
const ventricle = reference({ annotatedLabels: [1], labels: Uint8Array.from([0, 1, 0, 0, 1, 0, 0, 1, 0]) });

test('references that know all have no label to ignore', () => {
  const set = labelSetOf([reference(), reference()]);
  expect(set.labels).toEqual({ background: 0, left_ventricle: 1, myocardium: 2 });
  expect(withIgnored(reference(), set).labels).toEqual(reference().labels);
});

test('frames that nobody drew are ignored whole, by the highest label', () => {
  const partial = reference({ annotatedFrames: [1] });
  const set = labelSetOf([reference(), partial]);
  expect(set.labels).toEqual({ background: 0, left_ventricle: 1, myocardium: 2, ignore: 3 });
  expect([...withIgnored(partial, set).labels]).toEqual([3, 3, 3, 0, 1, 2, 3, 3, 3]);
  expect(withIgnored(reference(), set).labels).toEqual(reference().labels);
});

test('beside references of both, one of the ventricle alone knows nothing but the ventricle', () => {
  const set = labelSetOf([reference(), ventricle]);
  expect([...withIgnored(ventricle, set).labels]).toEqual([3, 1, 3, 3, 1, 3, 3, 1, 3]);
});

test('where all know the ventricle alone, labels stay consecutive and background is known', () => {
  const partial = { ...ventricle, annotatedFrames: [2] };
  expect(labelSetOf([ventricle]).labels).toEqual({ background: 0, left_ventricle: 1 });
  const set = labelSetOf([ventricle, partial]);
  expect(set.labels).toEqual({ background: 0, left_ventricle: 1, ignore: 2 });
  expect([...withIgnored(partial, set).labels]).toEqual([2, 2, 2, 2, 2, 2, 0, 1, 0]);
});
