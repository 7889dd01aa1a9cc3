import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import {
  adaptiveCalibrationError,
  expectedCalibrationError,
  foregroundConfidence,
  maximumCalibrationError,
  mutualInformation,
  pearsonCorrelation,
  reliabilityDiagram,
} from './uncertainty.ts';

const anyPixels = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })),
  { maxLength: 120 },
);

describe('calibration error', () => {
  test('bins are open below and closed above, with 0 in the first', () => {
    const diagram = reliabilityDiagram([0, 0.05, 0.1, 0.15, 1], [1, 1, 1, 1, 1], 20);
    expect(diagram.map((bin) => [bin.from, bin.count])).toEqual([
      [0, 2],
      [0.05, 1],
      [0.1, 1],
      [19 * 0.05, 1],
    ]);
  });

  test('every pixel is counted once and the errors lie in [0, 1]', () => {
    fc.assert(
      fc.property(anyPixels, (pixels) => {
        const confidence = pixels.map((pixel) => pixel[0]);
        const correct = pixels.map((pixel) => pixel[1]);
        const counted = reliabilityDiagram(confidence, correct).reduce((sum, bin) => sum + bin.count, 0);
        expect(counted).toBe(pixels.length);
        const expected = expectedCalibrationError(confidence, correct);
        const maximum = maximumCalibrationError(confidence, correct);
        expect(expected).toBeGreaterThanOrEqual(0);
        expect(expected).toBeLessThanOrEqual(maximum + 1e-12);
        expect(maximum).toBeLessThanOrEqual(1);
        expect(adaptiveCalibrationError(confidence, correct)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100, seed: 9 },
    );
  });

  test('certainty that is right has no error, certainty that is wrong has error 1, nothing has none', () => {
    expect(expectedCalibrationError([1, 1, 0], [1, 1, 0])).toBe(0);
    expect(expectedCalibrationError([1, 1], [0, 0])).toBe(1);
    expect(expectedCalibrationError([], [])).toBe(0);
    expect(maximumCalibrationError([], [])).toBe(0);
    expect(adaptiveCalibrationError([], [])).toBe(0);
  });
});

describe('association', () => {
  test('a map that tells the error exactly has full mutual information, a constant one none', () => {
    const error = [0, 1, 0, 1];
    expect(mutualInformation(error, [0.1, 0.9, 0.1, 0.9]).normalised).toBeCloseTo(1, 12);
    expect(mutualInformation(error, [0.5, 0.5, 0.5, 0.5]).nats).toBeCloseTo(0, 12);
    expect(mutualInformation([0, 0], [1, 1])).toEqual({ nats: 0, normalised: 0 });
    expect(mutualInformation([], [])).toEqual({ nats: 0, normalised: 0 });
  });

  test('correlation is 1 and -1 along a line and undefined where there is none', () => {
    expect(pearsonCorrelation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
    expect(pearsonCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
    expect(pearsonCorrelation([1, 1], [1, 2])).toBeUndefined();
    expect(pearsonCorrelation([], [])).toBeUndefined();
  });
});

test('only pixels with foreground in prediction or reference take part, on one grid', () => {
  const grid = (rows: number, columns: number) =>
    ({ frames: 1, rows, columns, spacingMm: [1, 1], frameTimeMs: 30 }) as const;
  const video = (...labels: number[]): LabelVideo => ({
    ...grid(1, labels.length),
    labels: Uint8Array.from(labels),
  });
  const map = (rows: number, columns: number): GreyVideo => ({
    ...grid(rows, columns),
    intensities: Float32Array.of(0.1, 0.25, 0.5, 0.75),
  });
  const found = foregroundConfidence(video(0, 1, 2, 0), video(0, 1, 0, 2), map(1, 4));
  expect(Array.from(found.confidence)).toEqual([0.25, 0.5, 0.75]);
  expect(Array.from(found.correct)).toEqual([1, 0, 0]);
  expect(() => foregroundConfidence(video(0), video(0, 1), map(1, 4))).toThrow(/1 x 1 x 1/);
  // As many pixels, but rows and columns change places.
  expect(() => foregroundConfidence(video(0, 1, 2, 0), video(0, 1, 0, 2), map(4, 1))).toThrow(
    /confidence map 1 x 4 x 1/,
  );
});
