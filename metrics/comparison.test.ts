import { expect, test } from 'vitest';
import { compareMethods } from './comparison.ts';
import { ComparisonSchema, type VideoScore } from './evaluation.ts';

function score(dice: number | undefined, valid: boolean): VideoScore {
  return {
    id: 'video',
    frames: 20,
    spacing: [0.37, 0.37],
    ...(dice !== undefined && { dice: { lv: dice, myo: dice, epi: dice, mean: dice } }),
    anatomical: { valid, invalidFrames: [], failures: {} },
    temporal: { valid: true, flaggedFrames: [], failures: {} },
    clinical: { edFrame: 0, esFrame: 8, ejectionFraction: null, gls: null },
  };
}

test('a method that is a little better on every video is told from its baseline', () => {
  const pairs = Array.from({ length: 10 }, (_, i) => ({
    prediction: score(0.9 + 0.001 * i, true),
    baseline: score(0.88 + 0.0005 * i, i >= 7),
  }));
  const found = compareMethods(pairs);
  expect(ComparisonSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  expect(found.videos).toBe(10);
  const { difference, interval, pValue } = found.dice!.mean!;
  expect(difference).toBeCloseTo(0.02 + 0.0005 * 4.5, 12);
  expect(interval.low).toBeGreaterThan(0.02);
  expect(interval.high).toBeLessThan(0.0246);
  // All ten differences have one sign: 2 / 2^10.
  expect(pValue).toBeCloseTo(2 / 1024, 12);
  expect(found.anatomicalValidity).toEqual({
    prediction: 1,
    baseline: 0.3,
    onlyPrediction: 7,
    onlyBaseline: 0,
    pValue: expect.closeTo(2 / 128, 12),
  });
  expect(found.temporalValidity!.pValue).toBe(1);
  expect(found.hausdorffMm).toBeUndefined();
});

test('only videos that have a measure under both enter its test, and no video at all is no failure', () => {
  const found = compareMethods([
    { prediction: score(0.9, true), baseline: score(undefined, true) },
    { prediction: score(0.9, true), baseline: score(0.9, true) },
  ]);
  expect(found.dice!.lv).toEqual({
    prediction: 0.9,
    baseline: 0.9,
    difference: 0,
    interval: { low: 0, high: 0 },
    pValue: 1,
    videos: 1,
  });
  expect(ComparisonSchema.parse(compareMethods([]))).toEqual({ videos: 0 });
});

test('verdicts at the frame rate are compared over the videos that have one under both', () => {
  const atFrameRate = (valid: boolean): VideoScore => ({
    ...score(0.9, true),
    temporalAtFrameRate: { valid, flaggedFrames: valid ? [] : [2], failures: valid ? {} : { lvArea: [2] } },
  });
  const found = compareMethods([
    { prediction: atFrameRate(true), baseline: atFrameRate(false) },
    { prediction: atFrameRate(true), baseline: atFrameRate(true) },
    { prediction: atFrameRate(true), baseline: score(0.9, true) },
  ]);
  expect(ComparisonSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  expect(found.temporalValidityAtFrameRate).toMatchObject({
    prediction: 1,
    baseline: 0.5,
    onlyPrediction: 1,
  });
  expect(found.flaggedFramesAtFrameRate).toMatchObject({ difference: -0.5, videos: 2 });
  const earlier = compareMethods([{ prediction: score(0.9, true), baseline: score(0.9, true) }]);
  expect(earlier.temporalValidityAtFrameRate).toBeUndefined();
});
