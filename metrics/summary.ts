/** Scores of many videos as the figures of a run's report. */
import type { EvaluationSummary, VideoScore } from '../contracts/evaluation.ts';

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function present<Value>(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}

type FourScores = NonNullable<VideoScore['dice']>;

function meanScores(scores: readonly FourScores[]): FourScores {
  return {
    lv: mean(scores.map((score) => score.lv)),
    myo: mean(scores.map((score) => score.myo)),
    epi: mean(scores.map((score) => score.epi)),
    mean: mean(scores.map((score) => score.mean)),
  };
}

function shareOf(verdicts: readonly boolean[]): number {
  return verdicts.length === 0 ? 0 : verdicts.filter(Boolean).length / verdicts.length;
}

/**
 * Means over videos, every video with the same weight. Measures that need a reference are averaged over the videos
 * that have one, and left out when none has.
 */
export function summarise(scores: readonly VideoScore[]): EvaluationSummary {
  const dice = present(scores.map((score) => score.dice));
  const hausdorff = present(scores.map((score) => score.hausdorffMm));
  const landmarks = present(scores.map((score) => score.landmarks));
  return {
    ...(dice.length > 0 && { dice: meanScores(dice) }),
    ...(hausdorff.length > 0 && { hausdorffMm: meanScores(hausdorff) }),
    anatomicalValidity: shareOf(scores.map((score) => score.anatomical.valid)),
    temporalValidity: shareOf(scores.map((score) => score.temporal.valid)),
    ...(landmarks.length > 0 && {
      mistakesPerCycle5mm: mean(landmarks.map((found) => found.mistakesPerCycle5mm)),
    }),
    videos: scores.length,
  };
}
