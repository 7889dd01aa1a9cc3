import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillHoles } from './components.ts';
import type { LabelVideo } from './image.ts';
import { cleanFrame, cleanVideo, keepLargestForeground, keepLargestForegroundVideo } from './morphology.ts';

/** Rows of digits as labels. */
function labelsOf(...lines: string[]): Uint8Array {
  return Uint8Array.from(lines.join(''), Number);
}

describe('cleaning a frame', () => {
  test('keeps the largest blob of each structure and fills holes inside and between them', () => {
    const frame = labelsOf('2222222', '2101112', '2111112', '2100112', '2111112', '2000002', '2222222');
    const cleaned = cleanFrame(frame, 7, 7);
    expect(Array.from(cleaned)).toEqual(
      Array.from(labelsOf('2222222', '2121112', '2111112', '2111112', '2111112', '2222222', '2222222')),
    );
    const satellites = labelsOf('1100', '1102', '0022', '1022');
    expect(Array.from(cleanFrame(satellites, 4, 4))).toEqual(
      Array.from(labelsOf('1100', '1102', '0022', '0022')),
    );
  });

  test('an empty frame, one pixel and a full frame end unchanged', () => {
    for (const frame of [labelsOf('000', '000'), labelsOf('000', '010'), labelsOf('222', '222')]) {
      expect(cleanFrame(frame, 2, 3)).toEqual(frame);
      expect(keepLargestForeground(frame, 2, 3)).toEqual(frame);
    }
  });

  test('any frame keeps its input untouched, and cleaned foreground has no holes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 64, maxLength: 64 }), (list) => {
        const frame = Uint8Array.from(list);
        const cleaned = cleanFrame(frame, 8, 8);
        expect(Array.from(frame)).toEqual(list);
        expect(cleaned.every((label) => label <= 2)).toBe(true);
        expect(fillHoles(cleaned, 8, 8)).toEqual(cleaned.map((label) => (label === 0 ? 0 : 1)));
      }),
      { numRuns: 50, seed: 5 },
    );
  });
});

test('the largest foreground blob counts both structures together, in every frame of a video', () => {
  const video: LabelVideo = {
    frames: 2,
    rows: 1,
    columns: 6,
    spacingMm: [1, 1],
    frameTimeMs: 30,
    labels: labelsOf('110122', '220011'),
  };
  expect(Array.from(keepLargestForegroundVideo(video).labels)).toEqual(
    Array.from(labelsOf('000122', '220000')),
  );
  expect(cleanVideo(video).labels).toHaveLength(12);
});
