import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelFrame, LabelVideo } from '../imaging/image.ts';
import {
  anatomicalCriteria,
  anatomicalValidity,
  failedCriteria,
  isFrameAnatomicallyValid,
} from './anatomy.ts';

const ROWS = 64;
const COLUMNS = 60;

function frameOf(paint: (row: number, column: number) => number, rows = ROWS, columns = COLUMNS): LabelFrame {
  const labels = Uint8Array.from({ length: rows * columns }, (_, i) =>
    paint(Math.floor(i / columns), i % columns),
  );
  return { rows, columns, spacingMm: [0.37, 0.37], labels };
}

/** Ventricle 20 wide between walls of 6, closed at the top, open at row 45. */
function healthy(row: number, column: number): number {
  if (row < 8 || row > 45 || column < 14 || column > 45) return 0;
  return row >= 14 && column >= 20 && column <= 39 ? 1 : 2;
}

function failuresOf(paint: (row: number, column: number) => number): string[] {
  return failedCriteria(anatomicalCriteria(frameOf(paint)));
}

describe('anatomical criteria', () => {
  test('a walled ventricle open at its base is valid', () => {
    expect(failuresOf(healthy)).toEqual([]);
  });

  test('each defect fails its criterion', () => {
    const at = (r: number, c: number, top: number, left: number, size: number) =>
      r >= top && r < top + size && c >= left && c < left + size;
    expect(failuresOf((r, c) => (healthy(r, c) === 1 ? 0 : healthy(r, c)))).toContain('lvPresent');
    expect(failuresOf((r, c) => (at(r, c, 25, 28, 2) ? 2 : healthy(r, c)))).toContain('holesInLv');
    expect(failuresOf((r, c) => (at(r, c, 55, 2, 2) ? 1 : healthy(r, c)))).toEqual(['disconnectedLv']);
    expect(failuresOf((r, c) => (at(r, c, 55, 2, 2) ? 2 : healthy(r, c)))).toContain('disconnectedMyo');
    expect(failuresOf((r, c) => (at(r, c, 10, 28, 2) ? 0 : healthy(r, c)))).toEqual(['holesInEpicardium']);
    expect(failuresOf((r, c) => (at(r, c, 20, 19, 2) ? 0 : healthy(r, c)))).toContain('gapBetweenLvAndMyo');
    expect(failuresOf((r, c) => (healthy(r, c) === 2 && (c < 18 || c > 41) ? 0 : healthy(r, c)))).toContain(
      'lvToMyoWidthRatio',
    );
    expect(failuresOf((r, c) => (r === 40 && c < 20 ? 0 : healthy(r, c)))).toContain('disconnectedMyo');
    expect(failuresOf((r, c) => (r > 43 && healthy(r, c) === 1 ? 2 : healthy(r, c)))).toContain(
      'lvBackgroundFrontierTooSmall',
    );
    expect(failuresOf((r, c) => (c > 39 ? 0 : healthy(r, c)))).toContain('lvBackgroundFrontierTooLarge');
  });

  test('the verdict does not depend on where in the image the heart lies, nor on mirroring', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -8, max: 18 }),
        fc.integer({ min: -14, max: 14 }),
        fc.array(
          fc.tuple(
            fc.integer({ min: 6, max: 47 }),
            fc.integer({ min: 12, max: 47 }),
            fc.integer({ min: 0, max: 2 }),
          ),
          {
            maxLength: 12,
          },
        ),
        (down, across, changes) => {
          const changed = (r: number, c: number) =>
            changes.find(([y, x]) => y === r && x === c)?.[2] ?? healthy(r, c);
          const still = anatomicalCriteria(frameOf(changed));
          // Room for the shift, so that the size of small pieces stays under one pixel.
          const moved = anatomicalCriteria(frameOf((r, c) => changed(r - down, c - across)));
          const mirrored = anatomicalCriteria(frameOf((r, c) => changed(r, COLUMNS - 1 - c)));
          expect(mirrored).toEqual(still);
          if (down >= -6 && down <= 16 && across >= -12 && across <= 12) expect(moved).toEqual(still);
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  test('frames at the edge of the image have a verdict', () => {
    expect(isFrameAnatomicallyValid(frameOf(() => 2, 9, 9))).toBe(false);
    expect(isFrameAnatomicallyValid(frameOf(() => 0, 1, 1))).toBe(false);
    expect(anatomicalCriteria(frameOf(() => 2, 9, 9)).myoThickness).toBeNaN();
    // All but one pixel: hundreds of erosions, still finite.
    expect(
      anatomicalCriteria(frameOf((r, c) => (r === 0 && c === 0 ? 1 : 2), 600, 2)).myoThickness,
    ).toBeGreaterThan(0);
  });
});

test('a video lists its invalid frames with the first criterion that fails', () => {
  const labels = new Uint8Array(3 * ROWS * COLUMNS);
  labels.set(frameOf(healthy).labels, 0);
  labels.set(frameOf(healthy).labels, 2 * ROWS * COLUMNS);
  const video: LabelVideo = {
    frames: 3,
    rows: ROWS,
    columns: COLUMNS,
    spacingMm: [0.37, 0.37],
    frameTimeMs: 30,
    labels,
  };
  expect(anatomicalValidity(video)).toEqual({
    valid: false,
    invalidFrames: [1],
    failures: { 1: 'lvPresent' },
  });
});
