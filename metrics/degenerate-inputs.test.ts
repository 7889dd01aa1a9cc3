/** No mask makes a measure throw, loop for ever or give NaN; a score is always valid JSON of the published shape. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../imaging/image.ts';
import { VideoScoreSchema } from './evaluation.ts';
import { scoreVideo } from './score-video.ts';
import { landmarkFreeFlags, landmarkFreeMeasures } from './temporal.ts';

type Paint = (frame: number, row: number, column: number) => number;

function videoOf(
  frames: number,
  rows: number,
  columns: number,
  paint: Paint,
  spacingMm: [number, number] = [0.37, 0.37],
): LabelVideo {
  const labels = new Uint8Array(frames * rows * columns);
  for (let i = 0; i < labels.length; i++) {
    labels[i] = paint(Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns);
  }
  return { frames, rows, columns, spacingMm, frameTimeMs: 30, labels };
}

/** Left ventricle walled on three sides, open at the bottom. */
const heart: Paint = (t, r, c) => {
  const size = 4 + (t % 3);
  const away = Math.max(Math.abs(c - 12), r < 20 ? Math.abs(r - 12) : 99);
  if (away < size) return 1;
  return away < size + 3 && r < 12 + size ? 2 : 0;
};

const paints: Record<string, Paint> = {
  empty: () => 0,
  'one pixel of ventricle': (_, r, c) => (r === 1 && c === 1 ? 1 : 0),
  'all ventricle': () => 1,
  'all myocardium': () => 2,
  'all myocardium but one pixel': (_, r, c) => (r === 0 && c === 0 ? 1 : 2),
  'no ventricle': (_, r) => (r < 3 ? 2 : 0),
  'no myocardium': (_, r) => (r > 3 ? 1 : 0),
  'structures on the edge': (_, r, c) => (c === 0 ? 1 : r === 0 ? 2 : 0),
  'checkerboard of all labels': (_, r, c) => (r + c) % 3,
  heart,
  'ventricle missing in one frame': (t, r, c) => (t === 1 ? 0 : heart(t, r, c)),
};

describe('every degenerate video has a score', () => {
  for (const [name, paint] of Object.entries(paints)) {
    test(name, () => {
      for (const frames of [1, 2, 3, 5]) {
        for (const [rows, columns] of [
          [1, 1],
          [1, 7],
          [7, 1],
          [2, 2],
          [24, 25],
        ] as const) {
          const video = videoOf(frames, rows, columns, paint, [0.5, 0.3]);
          const other = videoOf(frames, rows, columns, heart, [0.5, 0.3]);
          for (const reference of [undefined, video, other]) {
            VideoScoreSchema.parse(scoreVideo('video', video, reference));
          }
          const same = scoreVideo('video', video, video);
          expect(same.dice).toEqual({ lv: 1, myo: 1, epi: 1, mean: 1 });
          expect(same.hausdorffMm).toEqual({ lv: 0, myo: 0, epi: 0, mean: 0 });
        }
      }
    });
  }

  test('random masks of any size and spacing', () => {
    fc.assert(
      fc.property(
        fc.record({
          frames: fc.integer({ min: 1, max: 4 }),
          rows: fc.integer({ min: 1, max: 14 }),
          columns: fc.integer({ min: 1, max: 14 }),
          seed: fc.integer({ min: 0, max: 1_000_000 }),
          block: fc.integer({ min: 1, max: 6 }),
          spacing: fc.tuple(
            fc.double({ min: 0.1, max: 2, noNaN: true }),
            fc.double({ min: 0.1, max: 2, noNaN: true }),
          ),
        }),
        ({ frames, rows, columns, seed, block, spacing }) => {
          const paint =
            (salt: number): Paint =>
            (t, r, c) =>
              (Math.imul(
                Math.floor(r / block) * 31 + Math.floor(c / block) * 17 + t + seed + salt,
                2654435761,
              ) >>>
                8) %
              3;
          const prediction = videoOf(frames, rows, columns, paint(0), spacing);
          const reference = videoOf(frames, rows, columns, paint(99), spacing);
          const score = scoreVideo('video', prediction, reference);
          VideoScoreSchema.parse(score);
          const mirrored = scoreVideo('video', reference, prediction);
          expect(mirrored.dice).toEqual(score.dice);
          for (const name of ['lv', 'myo', 'epi'] as const) {
            expect(mirrored.hausdorffMm![name]).toBeCloseTo(score.hausdorffMm![name]!, 9);
          }
        },
      ),
      { numRuns: 60, seed: 6 },
    );
  });

  test('short videos have no temporal flags', () => {
    for (const frames of [1, 2]) {
      const flags = landmarkFreeFlags(landmarkFreeMeasures(videoOf(frames, 24, 25, heart)));
      for (const list of Object.values(flags)) expect(list).toEqual(new Array(frames).fill(false));
    }
  });
});
