import { expect, test } from 'vitest';
import { EvaluationReportSchema, EvaluationSummarySchema, type VideoScore } from './evaluation.ts';
import { summarise, summariseWithIntervals } from './summary.ts';

function score(id: string, more: Partial<VideoScore> = {}): VideoScore {
  return {
    id,
    frames: 20,
    spacing: [0.37, 0.37],
    anatomical: { valid: true, invalidFrames: [], failures: {} },
    temporal: { valid: true, flaggedFrames: [], failures: {} },
    clinical: { edFrame: 0, esFrame: 8, ejectionFraction: 0.56, gls: -0.18 },
    ...more,
  };
}

const withReference: Partial<VideoScore> = {
  dice: { lv: 0.9, myo: 0.8, epi: 0.95, mean: 0.85 },
  hausdorffMm: { lv: 4, myo: 5, epi: 6, mean: 5 },
  landmarks: { mistakesPerCycle5mm: 2, mistakesPerCycle7_5mm: 1, cycles: 1 },
};

test('a report with and without references has the published shape', () => {
  const videos = [
    score('a', withReference),
    score('b', {
      anatomical: { valid: false, invalidFrames: [7], failures: { 7: 'holesInLv' } },
      temporal: { valid: false, flaggedFrames: [3, 4], failures: { lvArea: [3, 4] } },
      clinical: { edFrame: 0, esFrame: 0, ejectionFraction: null, gls: null },
    }),
  ];
  const report = { videos, summary: summarise(videos) };
  expect(EvaluationReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  expect(report.summary).toEqual({
    dice: withReference.dice,
    hausdorffMm: withReference.hausdorffMm,
    anatomicalValidity: 0.5,
    temporalValidity: 0.5,
    mistakesPerCycle5mm: 2,
    mistakesPerCycle7_5mm: 1,
    flaggedFrames: 1,
    ejectionFraction: 0.56,
    gls: -0.18,
    videos: 2,
  });
});

test('means weigh every video with a reference the same', () => {
  const better = score('b', { ...withReference, dice: { lv: 1, myo: 1, epi: 1, mean: 1 } });
  expect(summarise([score('a', withReference), better]).dice!.mean).toBeCloseTo(0.925, 12);
});

test('measures that need a reference are left out when no video has one', () => {
  const summary = summarise([score('a')]);
  expect(Object.keys(summary).sort()).toEqual([
    'anatomicalValidity',
    'ejectionFraction',
    'flaggedFrames',
    'gls',
    'temporalValidity',
    'videos',
  ]);
  // A share of 0 of no videos would read as videos of which none is valid.
  expect(EvaluationSummarySchema.parse(summarise([]))).toEqual({ videos: 0 });
});

test('intervals hold the means, are the same every time, and views are summarised apart', () => {
  const videos = Array.from({ length: 12 }, (_, i) =>
    score(`${i}`, {
      ...withReference,
      view: i % 3 === 0 ? 'a2c' : 'a4c',
      dice: { lv: 0.9, myo: 0.8, epi: 0.95, mean: 0.8 + 0.01 * i },
      anatomical: { valid: i > 3, invalidFrames: [], failures: {} },
    }),
  );
  const summary = summariseWithIntervals([...videos, score('unlisted')]);
  expect(EvaluationSummarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  expect(summariseWithIntervals([...videos, score('unlisted')])).toEqual(summary);
  const interval = summary.intervals!.dice!.mean!;
  expect(interval.low).toBeLessThan(summary.dice!.mean!);
  expect(interval.high).toBeGreaterThan(summary.dice!.mean!);
  // Standard error of a mean of 12 values with deviation 0.0345: 0.01.
  expect(interval.high - interval.low).toBeGreaterThan(0.025);
  expect(interval.high - interval.low).toBeLessThan(0.055);
  expect(summary.intervals!.dice!.lv!.low).toBeCloseTo(0.9, 12);
  expect(summary.intervals!.anatomicalValidity!.high).toBeLessThanOrEqual(1);
  expect(Object.keys(summary.byView!)).toEqual(['a2c', 'a4c']);
  expect(summary.byView!.a2c!.videos).toBe(4);
  expect(summary.byView!.a2c!.dice!.mean).toBeCloseTo((0.8 + 0.83 + 0.86 + 0.89) / 4, 12);
  expect(summary.videos).toBe(13);
});

test('one video has no interval: it would look certain', () => {
  expect(summariseWithIntervals([score('a', withReference)]).intervals).toEqual({});
});

test('the verdict at the frame rate stands beside the published one, over the videos that have it', () => {
  const flagged = { valid: false, flaggedFrames: [3, 4], failures: { lvArea: [3, 4] } };
  const fine = { valid: true, flaggedFrames: [], failures: {} };
  const videos = [
    score('a', { temporal: flagged, temporalAtFrameRate: fine }),
    score('b', { temporal: flagged, temporalAtFrameRate: flagged }),
    score('of an earlier version'),
  ];
  const summary = summarise(videos);
  expect(summary.temporalValidity).toBeCloseTo(1 / 3, 12);
  expect(summary.temporalValidityAtFrameRate).toBe(0.5);
  expect(summary.flaggedFramesAtFrameRate).toBe(1);
  const report = { videos, summary: summariseWithIntervals(videos) };
  expect(report.summary.intervals!.temporalValidityAtFrameRate).toEqual({ low: 0, high: 1 });
  expect(EvaluationReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});
