/** Scores as CSV: one row a video, for spreadsheets and statistics programs. */
import { anatomicalCriterionNames, temporalMeasureNames, type VideoScore } from '../../metrics/evaluation.ts';

type Cell = string | number | boolean | null | undefined;

const structures = ['lv', 'myo', 'epi', 'mean'] as const;

function capitalised(name: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

const columns: readonly (readonly [string, (score: VideoScore) => Cell])[] = [
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
  ['ejectionFraction', (score) => score.clinical.ejectionFraction],
  ['gls', (score) => score.clinical.gls],
  ['ece', (score) => score.uncertainty?.ece],
  ['mce', (score) => score.uncertainty?.mce],
  ['ace', (score) => score.uncertainty?.ace],
  ['mutualInformation', (score) => score.uncertainty?.mutualInformation],
  ['normalisedMutualInformation', (score) => score.uncertainty?.normalisedMutualInformation],
  ['meanUncertainty', (score) => score.uncertainty?.meanUncertainty],
];

function cellText(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A first line with the names of the columns, then the videos in order; what was not measured is an empty cell. */
export function scoresCsv(scores: readonly VideoScore[]): string {
  const rows = scores.map((score) => columns.map(([, of]) => cellText(of(score))).join(','));
  return `${[columns.map(([name]) => name).join(','), ...rows].join('\n')}\n`;
}
