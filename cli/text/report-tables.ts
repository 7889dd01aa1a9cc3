/** An evaluation as tables for people. */
import { counted } from '../../ground/counted.ts';
import type {
  Comparison,
  EvaluationReport,
  EvaluationSummary,
  PairedMeasure,
  PairedVerdict,
  UncertaintyReport,
  VideoScore,
} from '../../metrics/evaluation.ts';
import { textTable } from './text-table.ts';

type Format = (value: number) => string;

const share: Format = (value) => value.toFixed(4);
const mm: Format = (value) => value.toFixed(2);
const count: Format = (value) => value.toFixed(2);
const percent: Format = (value) => `${(100 * value).toFixed(1)} %`;

/** Rows of the summary and the comparison: what they are called, and where they stand in a summary. */
const measures = [
  ['Dice, ventricle', 'dice', 'lv', share],
  ['Dice, myocardium', 'dice', 'myo', share],
  ['Dice, epicardium', 'dice', 'epi', share],
  ['Dice, mean', 'dice', 'mean', share],
  ['Hausdorff mm, ventricle', 'hausdorffMm', 'lv', mm],
  ['Hausdorff mm, myocardium', 'hausdorffMm', 'myo', mm],
  ['Hausdorff mm, epicardium', 'hausdorffMm', 'epi', mm],
  ['Hausdorff mm, mean', 'hausdorffMm', 'mean', mm],
  ['anatomically valid', 'anatomicalValidity', undefined, percent],
  ['temporally valid', 'temporalValidity', undefined, percent],
  ['the same, at the frame rate', 'temporalValidityAtFrameRate', undefined, percent],
  ['frames with a temporal flag', 'flaggedFrames', undefined, count],
  ['the same, at the frame rate', 'flaggedFramesAtFrameRate', undefined, count],
  ['valve mistakes/cycle, 5 mm', 'mistakesPerCycle5mm', undefined, count],
  ['valve mistakes/cycle, 7.5 mm', 'mistakesPerCycle7_5mm', undefined, count],
  ['ejection fraction', 'ejectionFraction', undefined, percent],
  ['longitudinal strain', 'gls', undefined, percent],
] as const;

/** The value of a row in a record by measure; undefined where it has none. */
function valueAt(record: object | undefined, field: string, structure: string | undefined): unknown {
  const found = (record as Record<string, unknown> | undefined)?.[field];
  return structure === undefined ? found : (found as Record<string, unknown> | undefined)?.[structure];
}

/** All tables of a report, one below the other. */
export function reportText(report: EvaluationReport): string {
  const { videos, summary, uncertainty, comparison, studies } = report;
  return [
    videoTable(videos),
    summaryTable(summary),
    ...(studies ? [studyTable(studies)] : []),
    ...(uncertainty ? [uncertaintyTable(uncertainty)] : []),
    ...(comparison ? [comparisonTable(comparison)] : []),
    ...annotationNote(videos),
  ].join('\n\n');
}

function optional(value: number | null | undefined, format: Format): string {
  return value === undefined || value === null ? '-' : format(value);
}

/** The mean of both structures, or the ventricle's value where the reference knows it alone. */
function partly(scores: VideoScore['dice'], format: Format): string {
  if (scores?.mean !== undefined) return format(scores.mean);
  return scores?.lv === undefined ? '-' : `${format(scores.lv)} lv`;
}

/** Says that some references do not know all, where that is so. */
function annotationNote(videos: readonly VideoScore[]): string[] {
  const partial = videos.filter(({ annotated }) => annotated !== undefined);
  if (partial.length === 0) return [];
  const ventricleAlone = partial.filter(({ annotated }) => annotated?.structures.join() === 'lv').length;
  const frames = partial.reduce((sum, { annotated }) => sum + annotated!.frames.length, 0);
  return [
    `${partial.length} of ${videos.length} references know some frames or structures alone (${counted(frames, 'frame')}; the ventricle alone in ${ventricleAlone}): only these were scored.`,
  ];
}

function videoTable(videos: readonly VideoScore[]): string {
  const verdict = (valid: boolean) => (valid ? 'valid' : 'invalid');
  return textTable(
    ['video', 'frames', 'Dice', 'Hausdorff mm', 'anatomy', 'time', 'mistakes/cycle', 'EF'],
    videos.map((video) => [
      video.id,
      String(video.frames),
      partly(video.dice, share),
      partly(video.hausdorffMm, mm),
      verdict(video.anatomical.valid),
      verdict(video.temporal.valid),
      optional(video.landmarks?.mistakesPerCycle5mm, count),
      optional(video.clinical.ejectionFraction, percent),
    ]),
  );
}

function summaryTable(summary: EvaluationSummary): string {
  const views = Object.entries(summary.byView ?? {});
  const cells = (
    group: Omit<EvaluationSummary, 'byView'>,
    row: (typeof measures)[number],
  ): [string, string] => {
    const [, field, structure, format] = row;
    const value = valueAt(group, field, structure) as number | undefined;
    const interval = valueAt(group.intervals, field, structure) as { low: number; high: number } | undefined;
    return [
      optional(value, format),
      interval === undefined ? '-' : `${format(interval.low)} .. ${format(interval.high)}`,
    ];
  };
  const groups = [
    [summary.videos === 1 ? '1 video' : `all ${summary.videos} videos`, summary] as const,
    ...views,
  ];
  return textTable(
    ['mean', ...groups.flatMap(([name, group], i) => [i === 0 ? name : `${name} (${group.videos})`, '95 %'])],
    measures
      .filter(([, field, structure]) => valueAt(summary, field, structure) !== undefined)
      .map((row) => [row[0], ...groups.flatMap(([, group]) => cells(group, row))]),
  );
}

function studyTable(studies: NonNullable<EvaluationReport['studies']>): string {
  return textTable(
    ['biplane ejection fraction', 'prediction', 'reference'],
    studies.map(({ study, ejectionFraction, referenceEjectionFraction }) => [
      study,
      optional(ejectionFraction, percent),
      optional(referenceEjectionFraction, percent),
    ]),
  );
}

function uncertaintyTable({ videos, correlation, pooled, ...means }: UncertaintyReport): string {
  const table = textTable(
    [`uncertainty (${counted(videos, 'video')})`, 'value'],
    [
      ['ECE, mean over videos', share(means.ece)],
      ['MCE, mean over videos', share(means.mce)],
      ['adaptive ECE, mean over videos', share(means.ace)],
      ['mutual information, nats', share(means.mutualInformation)],
      ['mutual information, normalised', share(means.normalisedMutualInformation)],
      ['mean uncertainty', share(means.meanUncertainty)],
      ['correlation of uncertainty and Dice', optional(correlation, share)],
      ['ECE, all pixels', share(pooled.ece)],
      ['MCE, all pixels', share(pooled.mce)],
    ],
  );
  const diagram = textTable(
    ['confidence', 'pixels', 'mean confidence', 'accuracy'],
    pooled.reliability.map((bin) => [
      `${bin.from.toFixed(2)} .. ${bin.to.toFixed(2)}`,
      String(bin.count),
      share(bin.meanConfidence),
      share(bin.accuracy),
    ]),
  );
  return `${table}\n\n${diagram}`;
}

/** Small p-values as a bound: four digits of them say no more. */
function pText(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}

function comparisonTable(comparison: Comparison): string {
  const rows = measures.flatMap(([name, field, structure, format]) => {
    const found = valueAt(comparison, field, structure);
    if (found === undefined) return [];
    if ('onlyPrediction' in (found as object)) {
      const { prediction, baseline, onlyPrediction, onlyBaseline, pValue } = found as PairedVerdict;
      const difference = `${onlyPrediction} only here, ${onlyBaseline} only there`;
      return [[name, format(prediction), format(baseline), difference, '', pText(pValue), 'McNemar']];
    }
    const { prediction, baseline, difference, interval, pValue } = found as PairedMeasure;
    return [
      [
        name,
        format(prediction),
        format(baseline),
        format(difference),
        `${format(interval.low)} .. ${format(interval.high)}`,
        pText(pValue),
        'Wilcoxon',
      ],
    ];
  });
  return textTable(
    [
      `paired, ${counted(comparison.videos, 'video')}`,
      'prediction',
      'baseline',
      'difference',
      '95 %',
      'p',
      'test',
    ],
    rows,
  );
}
