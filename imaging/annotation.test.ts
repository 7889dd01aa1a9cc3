import { expect, test } from 'vitest';
import {
  annotatedFramesOfMap,
  annotatedPart,
  annotatedWindows,
  annotationMask,
  withInferredAnnotation,
  withoutUnknown,
  withStatedAnnotation,
} from './annotation.ts';
import type { LabelVideo } from './image.ts';

const video = (frames: number[][], more: Partial<LabelVideo> = {}): LabelVideo => ({
  frames: frames.length,
  rows: 1,
  columns: frames[0]!.length,
  spacingMm: [1, 1],
  frameTimeMs: 30,
  labels: Uint8Array.from(frames.flat()),
  ...more,
});

test('frames without any label were not drawn, and a structure in no frame was not drawn at all', () => {
  expect(
    withInferredAnnotation(
      video([
        [0, 0],
        [1, 2],
        [0, 0],
        [1, 1],
      ]),
    ),
  ).toMatchObject({
    annotatedFrames: [1, 3],
  });
  const ventricle = withInferredAnnotation(
    video([
      [0, 1],
      [1, 1],
    ]),
  );
  expect(ventricle.annotatedLabels).toEqual([1]);
  expect(ventricle.annotatedFrames).toBeUndefined();
  const whole = video([
    [1, 2],
    [0, 2],
  ]);
  expect(withInferredAnnotation(whole)).toEqual(whole);
});

test('what is stated wins, and a reference without any label stays as it is', () => {
  const stated = video(
    [
      [0, 0],
      [1, 2],
    ],
    { annotatedFrames: [0, 1] },
  );
  expect(withInferredAnnotation(stated).annotatedFrames).toEqual([0, 1]);
  const empty = video([[0, 0]]);
  expect(withInferredAnnotation(empty)).toBe(empty);
});

test('the annotated part has the annotated frames and structures alone', () => {
  const reference = video(
    [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
    ],
    { annotatedFrames: [1, 2], annotatedLabels: [1] },
  );
  const prediction = video([
    [1, 1, 1],
    [1, 2, 2],
    [2, 1, 0],
  ]);
  expect([...annotatedPart(prediction, reference).labels]).toEqual([1, 0, 0, 0, 1, 0]);
  expect(annotatedPart(prediction, video([[1], [2]]))).toBe(prediction);
  const map = { ...prediction, intensities: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8]) };
  expect([...annotatedFramesOfMap(map, reference).intensities]).toEqual([3, 4, 5, 6, 7, 8]);
});

test('what a reference does not know is background in its labels', () => {
  const stated = { annotatedFrames: [1], annotatedLabels: [1] };
  expect([
    ...withoutUnknown(
      video(
        [
          [1, 2],
          [1, 2],
        ],
        stated,
      ),
    ).labels,
  ]).toEqual([0, 0, 1, 0]);
  const whole = video([[1, 2]]);
  expect(withoutUnknown(whole)).toBe(whole);
});

test('a loss sees annotated frames, and of a reference of one structure only that one', () => {
  expect([
    ...annotationMask(
      video(
        [
          [0, 2],
          [1, 2],
        ],
        { annotatedFrames: [1] },
      ),
    ),
  ]).toEqual([0, 0, 1, 1]);
  expect([
    ...annotationMask(
      video(
        [
          [0, 1],
          [1, 0],
        ],
        { annotatedLabels: [1] },
      ),
    ),
  ]).toEqual([0, 1, 1, 0]);
});

test('windows that hold an annotated frame, the last one at the end of the video', () => {
  const reference = video(Array(10).fill([1]), { annotatedFrames: [0, 9] });
  expect(annotatedWindows(reference, 4, 2)).toEqual([0, 6]);
  expect(annotatedWindows(reference, 4, 4)).toEqual([0, 6]);
  expect(annotatedWindows(video(Array(3).fill([1])), 4, 4)).toEqual([0]);
});

test('what a table states wins where the video has such frames, in order, and such labels', () => {
  const reference = {
    ...video([
      [1, 2],
      [1, 2],
      [1, 2],
    ]),
    annotatedFrames: [0],
  };
  expect(withStatedAnnotation(reference, {}).annotatedFrames).toEqual([0]);
  const stated = { annotatedFrames: [0, 2], annotatedLabels: [1] };
  expect(withStatedAnnotation(reference, stated)).toMatchObject(stated);
  for (const annotatedFrames of [[1, 3], [2, 1], [1, 1], [-1], [Number.NaN], [0.5]]) {
    expect(() => withStatedAnnotation(reference, { annotatedFrames })).toThrow(
      /annotatedFrames to be rising numbers from 0 to 2/,
    );
  }
  expect(() => withStatedAnnotation(reference, { annotatedLabels: [5] })).toThrow(/annotatedLabels/);
});
