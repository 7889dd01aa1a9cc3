/** What must hold for any masks: symmetry, the triangle inequality, and that position and mirroring do not matter. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../imaging/image.ts';
import { clinicalMeasures } from './clinical.ts';
import { temporalMeasureNames } from './evaluation.ts';
import { hausdorffMm, surfaceHausdorff } from './hausdorff.ts';
import { diceOf } from './overlap.ts';
import { frameSurfaces } from './surfaces.ts';
import { temporalMeasures } from './temporal.ts';
import { adaptiveCalibrationError, adaptiveReliability, expectedCalibrationError } from './uncertainty.ts';

const ROWS = 12;
const COLUMNS = 14;
const MARGIN = 4;

/** Labels with an empty margin, so that they can move. */
const anyLabels = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: ROWS * COLUMNS, maxLength: ROWS * COLUMNS })
  .map((list) =>
    Uint8Array.from(list, (label, i) => {
      const [r, c] = [Math.floor(i / COLUMNS), i % COLUMNS];
      const inside = r >= MARGIN && c >= MARGIN && r < ROWS - MARGIN && c < COLUMNS - MARGIN;
      // One pixel of each structure, so that none is replaced by the image centre, which does not move.
      if (r === 5 && c === 6) return 1;
      if (r === 6 && c === 6) return 2;
      return inside ? label : 0;
    }),
  );

const anySpacing = fc.tuple(
  fc.double({ min: 0.2, max: 2, noNaN: true }),
  fc.double({ min: 0.2, max: 2, noNaN: true }),
);

function videoOf(labels: Uint8Array, spacingMm: [number, number] = [1, 1]): LabelVideo {
  return { frames: 1, rows: ROWS, columns: COLUMNS, spacingMm, frameTimeMs: 30, labels };
}

function moved(labels: Uint8Array, down: number, right: number): Uint8Array {
  return labels.map((_, i) => {
    const [r, c] = [Math.floor(i / COLUMNS) - down, (i % COLUMNS) - right];
    return r < 0 || c < 0 || r >= ROWS || c >= COLUMNS ? 0 : labels[r * COLUMNS + c]!;
  });
}

function mirrored(labels: Uint8Array, axis: 'rows' | 'columns'): Uint8Array {
  return labels.map((_, i) => {
    const [r, c] = [Math.floor(i / COLUMNS), i % COLUMNS];
    return axis === 'rows' ? labels[(ROWS - 1 - r) * COLUMNS + c]! : labels[r * COLUMNS + COLUMNS - 1 - c]!;
  });
}

describe('overlap and distance', () => {
  const shift = fc.integer({ min: -MARGIN, max: MARGIN });

  test('do not change when both masks move or are mirrored together', () => {
    fc.assert(
      fc.property(anyLabels, anyLabels, anySpacing, shift, shift, (a, b, spacing, down, right) => {
        const dice = diceOf(videoOf(a, spacing), videoOf(b, spacing));
        const distance = hausdorffMm(videoOf(a, spacing), videoOf(b, spacing));
        const changes = [
          (labels: Uint8Array) => moved(labels, down, right),
          (labels: Uint8Array) => mirrored(labels, 'rows'),
          (labels: Uint8Array) => mirrored(labels, 'columns'),
        ];
        for (const change of changes) {
          const [first, second] = [videoOf(change(a), spacing), videoOf(change(b), spacing)];
          expect(diceOf(first, second)).toEqual(dice);
          const found = hausdorffMm(first, second);
          for (const name of ['lv', 'myo', 'epi'] as const) {
            expect(found[name]).toBeCloseTo(distance[name], 9);
          }
        }
      }),
      { numRuns: 60, seed: 21 },
    );
  });

  test('are symmetric, and perfect for a mask with itself', () => {
    fc.assert(
      fc.property(anyLabels, anyLabels, (a, b) => {
        expect(diceOf(videoOf(b), videoOf(a))).toEqual(diceOf(videoOf(a), videoOf(b)));
        expect(hausdorffMm(videoOf(b), videoOf(a))).toEqual(hausdorffMm(videoOf(a), videoOf(b)));
        expect(diceOf(videoOf(a), videoOf(a)).mean).toBe(1);
        expect(hausdorffMm(videoOf(a), videoOf(a)).mean).toBe(0);
      }),
      { numRuns: 60, seed: 22 },
    );
  });

  test('the Hausdorff distance obeys the triangle inequality', () => {
    fc.assert(
      fc.property(anyLabels, anyLabels, anyLabels, anySpacing, (a, b, c, spacing) => {
        const [first, second, third] = [a, b, c].map((labels) => frameSurfaces(videoOf(labels, spacing)));
        for (const name of ['lv', 'myo', 'epi'] as const) {
          const direct = surfaceHausdorff(first![name], third![name], spacing)!;
          const round =
            surfaceHausdorff(first![name], second![name], spacing)! +
            surfaceHausdorff(second![name], third![name], spacing)!;
          expect(direct).toBeLessThanOrEqual(round + 1e-9);
        }
      }),
      { numRuns: 80, seed: 23 },
    );
  });
});

/** A walled ventricle, open at its base, whose half width and height in pixels change from frame to frame. */
function beatingAt(top: number, left: number, beats: readonly (readonly [number, number])[]): LabelVideo {
  const [rows, columns] = [44, 40];
  const labels = new Uint8Array(beats.length * rows * columns);
  for (let i = 0; i < labels.length; i++) {
    const [halfWidth, height] = beats[Math.floor(i / (rows * columns))]!;
    const up = top + 24 - (Math.floor(i / columns) % rows);
    const across = (i % columns) - left - 12;
    const within = (wall: number) =>
      up >= 0 && (across / (halfWidth + wall)) ** 2 + (up / (height + wall)) ** 2 <= 1;
    if (within(0)) labels[i] = 1;
    else if (within(3)) labels[i] = 2;
  }
  return { frames: beats.length, rows, columns, spacingMm: [0.4, 0.3], frameTimeMs: 30, labels };
}

test('areas, lengths, distances between frames, ejection fraction and strain do not depend on where the heart lies', () => {
  const beat = fc.tuple(
    fc.double({ min: 4, max: 8, noNaN: true }),
    fc.double({ min: 12, max: 20, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(beat, { minLength: 3, maxLength: 6 }),
      fc.integer({ min: 0, max: 15 }),
      fc.integer({ min: 0, max: 12 }),
      (beats, top, left) => {
        const [still, moved] = [beatingAt(0, 0, beats), beatingAt(top, left, beats)];
        const [before, after] = [temporalMeasures(still), temporalMeasures(moved)];
        for (const name of temporalMeasureNames) {
          const shift = name === 'epiCenterX' ? top : name === 'epiCenterY' ? left : 0;
          for (const [t, value] of before[name]!.entries()) {
            expect(after[name]![t], name).toBeCloseTo(value + shift, 9);
          }
        }
        const [first, second] = [clinicalMeasures(still), clinicalMeasures(moved)];
        expect([second.edFrame, second.esFrame]).toEqual([first.edFrame, first.esFrame]);
        expect(second.ejectionFraction).toBeCloseTo(first.ejectionFraction!, 9);
        // A corner has two contour points at 0.1 pixel; rounding decides, as published, at which one the length ends.
        expect(Math.abs(second.gls! - first.gls!)).toBeLessThan(0.02);
      },
    ),
    { numRuns: 60, seed: 26 },
  );
});

describe('calibration is monotone', () => {
  const anyConfidence = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 80 });

  test('where every pixel is right, more confidence means less error, and where every one is wrong, more', () => {
    fc.assert(
      fc.property(anyConfidence, fc.double({ min: 0, max: 1, noNaN: true }), (confidence, by) => {
        const raised = confidence.map((value) => value + by * (1 - value));
        const [right, wrong] = [confidence.map(() => 1), confidence.map(() => 0)];
        for (const error of [expectedCalibrationError, adaptiveCalibrationError]) {
          expect(error(raised, right)).toBeLessThanOrEqual(error(confidence, right) + 1e-12);
          expect(error(raised, wrong)).toBeGreaterThanOrEqual(error(confidence, wrong) - 1e-12);
        }
      }),
      { numRuns: 80, seed: 24 },
    );
  });

  test('bins of equal pixel counts ascend in confidence and do not depend on the order of pixels', () => {
    fc.assert(
      fc.property(anyConfidence, (confidence) => {
        const right = confidence.map((value) => (value > 0.5 ? 1 : 0));
        const bins = adaptiveReliability(confidence, right);
        for (const [k, bin] of bins.entries()) {
          if (k > 0) expect(bin.from).toBeGreaterThanOrEqual(bins[k - 1]!.to);
        }
        expect(adaptiveCalibrationError(confidence.toReversed(), right.toReversed())).toBeCloseTo(
          adaptiveCalibrationError(confidence, right),
          12,
        );
      }),
      { numRuns: 80, seed: 25 },
    );
  });
});
