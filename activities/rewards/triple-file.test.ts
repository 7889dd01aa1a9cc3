import { expect, it } from 'vitest';
import { decodeTriples, encodeTriples } from './triple-file.ts';

const video = { outcome: 'kept', agreement: 0.97, frames: 2, rows: 2, columns: 3 } as const;

it('gives back the segmentations and error maps that went in', () => {
  const triples = [
    {
      segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2, 2, 2, 2, 0, 0, 0]),
      correct: Uint8Array.from([1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]),
    },
    { segmentation: new Uint8Array(12), correct: new Uint8Array(12).fill(1) },
  ];
  expect(decodeTriples(encodeTriples(video, triples))).toEqual({ ...video, triples });
});

it('keeps the outcome of a video that gave no triple', () => {
  const rejected = { ...video, outcome: 'rejected' } as const;
  expect(decodeTriples(encodeTriples(rejected, []))).toEqual({ ...rejected, triples: [] });
});

it('refuses a file of another form', () => {
  const file = encodeTriples({ ...video, frames: 0 }, []);
  expect(() => decodeTriples(file)).toThrow(expect.objectContaining({ code: 'CheckpointIncompatible' }));
});
