import { expect, test } from 'vitest';
import { outlineOf, tracedReference } from './tracings.ts';

const video = { frames: 4, rows: 10, columns: 10, spacingMm: [1, 1] as const, frameTimeMs: 20 };
const chords = [
  { x1: 5, y1: 1, x2: 5, y2: 9 },
  { x1: 2, y1: 2, x2: 7, y2: 2 },
  { x1: 2, y1: 8, x2: 7, y2: 8 },
];

test('chords become a mask of the ventricle that knows its frame and nothing else', () => {
  const reference = tracedReference(video, [{ frame: 2, outline: outlineOf(chords) }])!;
  expect(reference).toMatchObject({ annotatedFrames: [2], annotatedLabels: [1] });
  const at = (row: number, column: number) => reference.labels[200 + row * 10 + column];
  expect([at(5, 5), at(3, 2), at(5, 1), at(1, 5), at(9, 5)]).toEqual([1, 1, 0, 0, 0]);
  expect(reference.labels.subarray(0, 200).every((label) => label === 0)).toBe(true);
});

test('outlines that leave the picture are cut, frames outside the video are left out', () => {
  const wide = outlineOf(chords.map((chord) => ({ ...chord, x1: -50, x2: 50 })));
  const reference = tracedReference(video, [
    { frame: 0, outline: wide },
    { frame: 9, outline: wide },
  ])!;
  expect(reference.annotatedFrames).toEqual([0]);
  expect(reference.labels.reduce((sum, label) => sum + label, 0)).toBe(60);
  expect(tracedReference(video, [{ frame: 9, outline: wide }])).toBeUndefined();
});
