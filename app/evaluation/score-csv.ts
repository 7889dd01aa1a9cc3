/** Scores as CSV: one row a video, for spreadsheets and statistics programs. */
import { type Column, csvText } from '../../exports/csv.ts';
import { anatomicalCriterionNames, temporalMeasureNames, type VideoScore } from '../../metrics/evaluation.ts';

const structures = ['lv', 'myo', 'epi', 'mean'] as const;

function capitalised(name: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

const columns: readonly Column<VideoScore>[] = [
  ['id', (score) => score.id],
  ['study', (score) => score.study],
  ['view', (score) => score.view],
  ['frames', (score) => score.frames],
  ['spacingRowMm', (score) => score.spacing[0]],
  ['spacingColumnMm', (score) => score.spacing[1]],
  ...structures.map(
    (name) => [`dice${capitalised(name)}`, (score: VideoScore) => score.dice?.[name]] as const,
  ),
  ...structures.map(
    (name) => [`hausdorffMm${capitalised(name)}`, (score: VideoScore) => score.hausdorffMm?.[name]] as const,
  ),
  ['scoredFrames', (score) => score.dice && (score.annotated?.frames.length ?? score.frames)],
  ['anatomicalValid', (score) => score.anatomical.valid],
  ['anatomicalInvalidFrames', (score) => score.anatomical.invalidFrames.length],
  ...anatomicalCriterionNames.map(
    (name) =>
      [
        `anatomical${capitalised(name)}`,
        (score: VideoScore) =>
          Object.values(score.anatomical.failures).filter((failed) => failed === name).length,
      ] as const,
  ),
  ['temporalValid', (score) => score.temporal.valid],
  ['temporalFlaggedFrames', (score) => score.temporal.flaggedFrames.length],
  ...temporalMeasureNames.map(
    (name) =>
      [
        `temporal${capitalised(name)}`,
        (score: VideoScore) => score.temporal.failures[name]?.length ?? 0,
      ] as const,
  ),
  ['temporalAtFrameRateValid', (score) => score.temporalAtFrameRate?.valid],
  ['temporalAtFrameRateFlaggedFrames', (score) => score.temporalAtFrameRate?.flaggedFrames.length],
  ['mistakesPerCycle5mm', (score) => score.landmarks?.mistakesPerCycle5mm],
  ['mistakesPerCycle7_5mm', (score) => score.landmarks?.mistakesPerCycle7_5mm],
  ['cycles', (score) => score.landmarks?.cycles],
  ['edFrame', (score) => score.clinical.edFrame],
  ['esFrame', (score) => score.clinical.esFrame],
  ['lostFrames', (score) => score.clinical.lostFrames?.length ?? 0],
  ['ejectionFraction', (score) => score.clinical.ejectionFraction],
  ['gls', (score) => score.clinical.gls],
  ['ece', (score) => score.uncertainty?.ece],
  ['mce', (score) => score.uncertainty?.mce],
  ['ace', (score) => score.uncertainty?.ace],
  ['mutualInformation', (score) => score.uncertainty?.mutualInformation],
  ['normalisedMutualInformation', (score) => score.uncertainty?.normalisedMutualInformation],
  ['meanUncertainty', (score) => score.uncertainty?.meanUncertainty],
];

/** A first line with the names of the columns, then the videos in order; what was not measured is an empty cell. */
export function scoresCsv(scores: readonly VideoScore[]): string {
  return csvText(columns, scores);
}
