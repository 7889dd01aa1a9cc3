import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../imaging/image.ts';
import {
  landmarkFreeFlags,
  landmarkFreeMeasures,
  scaledSecondDifference,
  temporalValidity,
} from './temporal.ts';

const ROWS = 70;
const COLUMNS = 60;

/** Ventricle walled on three sides; `at` gives its top row and left column in each frame. */
function beating(at: readonly (readonly [number, number])[]): LabelVideo {
  const labels = new Uint8Array(at.length * ROWS * COLUMNS);
  for (const [t, [top, left]] of at.entries()) {
    for (let r = 0; r < 34; r++) {
      for (let c = 0; c < 30; c++) {
        const wall = r < 5 || c < 5 || c >= 25;
        labels[(t * ROWS + top + r) * COLUMNS + left + c] = wall ? 2 : 1;
      }
    }
  }
  return {
    frames: at.length,
    rows: ROWS,
    columns: COLUMNS,
    spacingMm: [0.37, 0.37],
    frameTimeMs: 30,
    labels,
  };
}

const still = (frames: number) => Array.from({ length: frames }, () => [10, 15] as const);

describe('temporal validity', () => {
  test('a still heart is valid', () => {
    expect(temporalValidity(beating(still(6)))).toEqual({ valid: true, flaggedFrames: [], failures: {} });
  });

  test('a jump of one frame flags it and both neighbours, in the measures that see it', () => {
    const at = still(9).map(([top, left], t) => [top + (t === 4 ? 24 : 0), left] as const);
    const verdict = temporalValidity(beating(at));
    expect(verdict.valid).toBe(false);
    expect(verdict.failures.epiCenterX).toEqual([3, 4, 5]);
    expect(verdict.failures.epiCenterY).toBeUndefined();
    expect(verdict.failures.hausdorffMyo).toContain(4);
    expect(verdict.flaggedFrames).toEqual([3, 4, 5]);
  });

  test('a structure that is missing in one frame flags every inner frame of the measures it breaks', () => {
    const video = beating(still(5));
    video.labels.fill(0, 2 * ROWS * COLUMNS, 3 * ROWS * COLUMNS);
    const verdict = temporalValidity(video);
    expect(verdict.failures.lvBaseWidth).toEqual([1, 2, 3]);
    expect(verdict.failures.hausdorffEpi).toEqual([1, 2, 3]);
    expect(verdict.valid).toBe(false);
  });

  test('a video too short for inner frames is invalid only when a measure cannot be taken', () => {
    expect(temporalValidity(beating(still(2))).valid).toBe(true);
    const empty = { ...beating(still(1)), labels: new Uint8Array(ROWS * COLUMNS) };
    expect(temporalValidity(empty)).toEqual({
      valid: false,
      flaggedFrames: [],
      failures: { lvBaseWidth: [], lvLength: [] },
    });
  });

  test('the flags of the reward are those of the verdict', () => {
    const at = still(8).map(([top, left], t) => [top, left + (t === 3 ? 12 : 0)] as const);
    const flags = landmarkFreeFlags(landmarkFreeMeasures(beating(at)));
    const flagged = flags.epiCenterY.flatMap((flag, t) => (flag ? [t] : []));
    expect(flagged).toEqual(temporalValidity(beating(at)).failures.epiCenterY);
  });
});

test('the second difference does not depend on units, is 0 at the ends, and never NaN', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { maxLength: 20 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (values, unit) => {
        const found = scaledSecondDifference(values);
        const scaled = scaledSecondDifference(values.map((value) => value * unit));
        expect(found).toHaveLength(values.length);
        for (const [t, change] of found.entries()) {
          expect(Number.isFinite(change)).toBe(true);
          expect(scaled[t]).toBeCloseTo(change, 6);
        }
        if (values.length > 0) expect([found[0], found.at(-1)]).toEqual([0, 0]);
      },
    ),
    { numRuns: 100, seed: 12 },
  );
});
