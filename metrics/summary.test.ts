import { expect, test } from 'vitest';
import { EvaluationReportSchema, EvaluationSummarySchema, type VideoScore } from '../contracts/evaluation.ts';
import { summarise } from './summary.ts';

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
    videos: 2,
  });
});

test('means weigh every video with a reference the same', () => {
  const better = score('b', { ...withReference, dice: { lv: 1, myo: 1, epi: 1, mean: 1 } });
  expect(summarise([score('a', withReference), better]).dice!.mean).toBeCloseTo(0.925, 12);
});

test('measures that need a reference are left out when no video has one', () => {
  const summary = summarise([score('a')]);
  expect(Object.keys(summary).sort()).toEqual(['anatomicalValidity', 'temporalValidity', 'videos']);
  expect(EvaluationSummarySchema.parse(summarise([])).videos).toBe(0);
});
