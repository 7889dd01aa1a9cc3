import { expect, it } from 'vitest';
import { EvaluationNumbersSchema } from '../../contracts/results.ts';
import type { EvaluationReport, EvaluationSummary } from '../../metrics/evaluation.ts';
import { evaluationNumbers, shareOfValidFrames } from './evaluation-numbers.ts';

it('counts a frame once that is both anatomically invalid and flagged in time', () => {
  const video = (frames: number, invalidFrames: number[], flaggedFrames: number[]) => ({
    frames,
    anatomical: { invalidFrames },
    temporal: { flaggedFrames },
  });
  const videos = [video(6, [0, 1], [1, 2]), video(4, [], [])] as unknown as EvaluationReport['videos'];
  expect(shareOfValidFrames({ videos })).toBe(0.7);
});

it('leaves out what was measured without a reference', () => {
  const summary = { videos: 2, anatomicalValidity: 0.5, temporalValidity: 1 } as EvaluationSummary;
  expect(evaluationNumbers(summary)).toEqual(summary);
  const dice = { lv: 0.9, myo: 0.7, epi: 0.95, mean: 0.8 };
  const scored = evaluationNumbers({ ...summary, dice } as EvaluationSummary);
  expect(EvaluationNumbersSchema.parse(scored)).toEqual({ ...summary, dice: 0.8, diceLv: 0.9, diceMyo: 0.7 });
});
