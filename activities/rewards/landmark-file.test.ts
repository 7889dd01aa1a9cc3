import { expect, it } from 'vitest';
import { decodeLandmarks, encodeLandmarks } from './landmark-file.ts';

const grid = { frames: 1, rows: 2, columns: 3 };
const examples = [
  {
    segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2]),
    correct: Float32Array.from([1, 0.5, 0, 1, 1, 0.25]),
  },
  { segmentation: new Uint8Array(6), correct: new Float32Array(6).fill(1) },
];

it('gives back every example by itself, its label to a part in 256', () => {
  const file = decodeLandmarks(encodeLandmarks(grid, examples));
  expect(file).toMatchObject({ ...grid, count: 2 });
  for (const [index, { segmentation, correct }] of examples.entries()) {
    const read = file.example(index);
    expect(read.segmentation).toEqual(segmentation);
    for (const [i, value] of correct.entries())
      expect(Math.abs(read.correct[i]! - value)).toBeLessThan(1 / 510 + 1e-6);
  }
  expect(file.example(1)).toEqual(examples[1]);
});

it('keeps a video without examples, and refuses a file of another form', () => {
  expect(decodeLandmarks(encodeLandmarks(grid, []))).toMatchObject({ ...grid, count: 0 });
  expect(() => decodeLandmarks(Uint8Array.of(31, 139, 10))).toThrow(
    expect.objectContaining({ code: 'CheckpointIncompatible' }),
  );
});
