import { expect, it } from 'vitest';
import {
  decodeLabelling,
  decodeTriples,
  encodeLevelTriples,
  encodeTriples,
  type TripleFile,
} from './triple-file.ts';

const video = { outcome: 'kept', agreement: 0.97, frames: 2, rows: 2, columns: 3 } as const;
const triples = [
  {
    segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2, 2, 2, 2, 0, 0, 0]),
    correct: Uint8Array.from([1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]),
  },
  { segmentation: new Uint8Array(12), correct: new Uint8Array(12).fill(1) },
];
const grid = { frames: 1, rows: 2, columns: 3 };
const levels = [
  {
    segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2]),
    correct: Float32Array.from([1, 0.5, 0, 1, 1, 0.25]),
  },
  { segmentation: new Uint8Array(6), correct: new Float32Array(6).fill(1) },
];
const all = (file: TripleFile) =>
  Array.from({ length: file.count }, (_, index) => file.window(index, 0, file.frames));

/** Files as they lie in runs that were begun before landmark triples had this form. */
const storedTriples =
  'H4sIAAAAAAAA/6tWyi8tSc7PTVWyUspOLShR0lFKTC9KTc1NzStRsjLQszTXUSopyizISS1WsjLSUUorSsyFMovyyyGM5Pyc0ty8YiUr41ouFlY2BkYmNiY2BhYGFiQAAIlKhWBoAAAA';
const storedLandmarks =
  'eyJmcmFtZXMiOjEsInJvd3MiOjIsImNvbHVtbnMiOjMsInBhY2tlZCI6WzMyLDI2XX0KH4sIAAAAAAAA/2NgZGJgZPrfwPD/vwMAdEvZ6wwAAAAfiwgAAAAAAAD/Y2AAgf9gAADMis6LDAAAAA==';
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

it('gives back the segmentations and error maps that went in', () => {
  const file = decodeTriples(encodeTriples(video, triples));
  expect(file).toMatchObject({ frames: 2, rows: 2, columns: 3, count: 2 });
  expect(file.labelling).toMatchObject({ outcome: 'kept', agreement: 0.97 });
  expect(all(file)).toEqual(triples);
});

it('unpacks the frames that are asked for', () => {
  const half = (index: number) => ({
    segmentation: triples[index]!.segmentation.subarray(6),
    correct: triples[index]!.correct.subarray(6),
  });
  const file = decodeTriples(encodeTriples(video, triples));
  expect([0, 1].map((index) => file.window(index, 1, 1))).toEqual([half(0), half(1)]);
  const longer = { ...levels[0]!, ...{ frames: 3, rows: 1, columns: 2 } };
  const leveled = decodeTriples(encodeLevelTriples(longer, [longer])).window(0, 1, 2);
  expect(leveled.segmentation).toEqual(longer.segmentation.subarray(2));
  expect(leveled.correct[3]).toBeCloseTo(0.25, 2);
});

it('keeps the outcome of a video that gave no triple', () => {
  const rejected = encodeTriples({ ...video, outcome: 'rejected' }, []);
  expect(decodeLabelling(rejected)).toEqual({ outcome: 'rejected', agreement: 0.97, triples: 0 });
  expect(decodeTriples(rejected).count).toBe(0);
});

it('keeps the levels of landmark triples to a part in 256', () => {
  const file = decodeTriples(encodeLevelTriples(grid, levels));
  expect(file).toMatchObject({ ...grid, count: 2 });
  all(file).forEach(({ segmentation, correct }, index) => {
    expect(segmentation).toEqual(levels[index]!.segmentation);
    for (const [i, value] of levels[index]!.correct.entries())
      expect(Math.abs(correct[i]! - value)).toBeLessThan(1 / 510 + 1e-6);
  });
  expect(file.window(1, 0, 1)).toEqual(levels[1]);
  expect(decodeTriples(encodeLevelTriples(grid, [])).count).toBe(0);
});

it('reads the files of runs that were begun before', () => {
  expect(decodeLabelling(bytesOf(storedTriples))).toEqual({ outcome: 'kept', agreement: 0.97, triples: 2 });
  expect(all(decodeTriples(bytesOf(storedTriples)))).toEqual(triples);
  const landmarks = decodeTriples(bytesOf(storedLandmarks));
  expect(landmarks).toMatchObject({ ...grid, count: 2 });
  expect(all(landmarks)).toEqual(all(decodeTriples(encodeLevelTriples(grid, levels))));
});

it('refuses a file of another form', () => {
  const refused = expect.objectContaining({ code: 'CheckpointIncompatible' });
  for (const file of [
    encodeTriples({ ...video, frames: 0 }, []),
    encodeTriples({ ...video, frames: 3 }, triples),
    Uint8Array.of(31, 139, 10),
    new TextEncoder().encode('{"frames":1}\n'),
  ]) {
    expect(() => decodeTriples(file)).toThrow(refused);
  }
  expect(() => decodeLabelling(encodeLevelTriples(grid, levels))).toThrow(refused);
});
