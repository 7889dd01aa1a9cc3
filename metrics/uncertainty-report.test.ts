import { expect, test } from 'vitest';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { UncertaintyReportSchema, type VideoScore } from './evaluation.ts';
import { expectedCalibrationError } from './uncertainty.ts';
import { scoreUncertainty, summariseUncertainty } from './uncertainty-report.ts';

function grid(columns: number) {
  return { frames: 1, rows: 1, columns, spacingMm: [1, 1], frameTimeMs: 30 } as const;
}

function video(...labels: number[]): LabelVideo {
  return { ...grid(labels.length), labels: Uint8Array.from(labels) };
}

function mapOf(...confidence: number[]): GreyVideo {
  return { ...grid(confidence.length), intensities: Float32Array.from(confidence) };
}

function scored(id: string, dice: number, prediction: number[], reference: number[], confidence: number[]) {
  const found = scoreUncertainty(video(...prediction), video(...reference), mapOf(...confidence));
  const score: VideoScore = {
    id,
    frames: 1,
    spacing: [1, 1],
    dice: { lv: dice, myo: dice, epi: dice, mean: dice },
    anatomical: { valid: true, invalidFrames: [], failures: {} },
    temporal: { valid: true, flaggedFrames: [], failures: {} },
    clinical: { edFrame: 0, esFrame: 0, ejectionFraction: null, gls: null },
    uncertainty: found.scores,
  };
  return { score, reliability: found.reliability };
}

test('a map that knows exactly where the prediction is wrong has no error and full information', () => {
  const { scores } = scoreUncertainty(video(0, 1, 1, 2), video(0, 1, 2, 2), mapOf(0.3, 1, 0, 1));
  expect(scores).toMatchObject({ ece: 0, mce: 0, pixels: 3 });
  expect(scores.normalisedMutualInformation).toBeCloseTo(1, 12);
  expect(scores.meanUncertainty).toBeCloseTo(1 / 3, 12);
});

test('pixels of several videos are pooled in one diagram, as if they were one video', () => {
  const one = scored('a', 0.9, [1, 1, 2, 2], [1, 1, 2, 1], [0.97, 0.92, 0.53, 0.51]);
  const two = scored('b', 0.5, [1, 2, 2, 0], [1, 1, 1, 0], [0.52, 0.31, 0.98, 0.1]);
  const report = summariseUncertainty([one, two])!;
  expect(UncertaintyReportSchema.parse(report)).toEqual(report);
  const confidence = [0.97, 0.92, 0.53, 0.51, 0.52, 0.31, 0.98].map(Math.fround);
  const correct = [1, 1, 1, 0, 1, 0, 0];
  expect(report.pooled.ece).toBeCloseTo(expectedCalibrationError(confidence, correct), 12);
  expect(report.pooled.pixels).toBe(7);
  expect(report.pooled.reliability.reduce((sum, bin) => sum + bin.count, 0)).toBe(7);
  expect(report.ece).toBeCloseTo((one.score.uncertainty!.ece + two.score.uncertainty!.ece) / 2, 12);
  // More uncertain where Dice is lower: two points lie on a falling line.
  expect(report.correlation).toBeCloseTo(-1, 12);
});

test('a video whose reference knows one structure alone does not enter the correlation: it has no mean Dice', () => {
  const one = scored('a', 0.9, [1, 1, 2, 2], [1, 1, 2, 1], [0.97, 0.92, 0.53, 0.51]);
  const two = scored('b', 0.5, [1, 2, 2, 0], [1, 1, 1, 0], [0.52, 0.31, 0.98, 0.1]);
  const sure = scored('c', 1, [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]);
  const partial = { ...sure, score: { ...sure.score, dice: { lv: 1 } } };
  const report = summariseUncertainty([one, two, partial])!;
  expect(report.videos).toBe(3);
  expect(report.correlation).toBeCloseTo(-1, 12);
});

test('one video has no correlation, a video without foreground no error, and none at all no report', () => {
  const report = summariseUncertainty([scored('a', 0, [0, 0], [0, 0], [0.2, 0.9])])!;
  expect(UncertaintyReportSchema.parse(report)).toEqual(report);
  expect(report.correlation).toBeNull();
  expect(report.pooled).toEqual({ ece: 0, mce: 0, pixels: 0, reliability: [] });
  expect(report.meanUncertainty).toBe(0);
  expect(summariseUncertainty([])).toBeUndefined();
});
