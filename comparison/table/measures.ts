/** The columns of the table: what of a video's score is averaged, which way is better, how it is written. */
import type { VideoScore } from '../../metrics/evaluation.ts';

export const measureNames = [
  'diceLv',
  'diceMyo',
  'dice',
  'hausdorffMm',
  'anatomicalValidity',
  'temporalValidity',
  'temporalValidityAtFrameRate',
  'mistakesPerCycle5mm',
  'flaggedFrames',
] as const;
export type MeasureName = (typeof measureNames)[number];

export interface TableMeasure {
  readonly name: MeasureName;
  readonly title: string;
  readonly better: 'higher' | 'lower';
  /** Yes or no for each video: tested by signs, not by ranks. */
  readonly verdict: boolean;
  /** Digits after the point, of percent where the measure is a share. */
  readonly digits: number;
  readonly percent: boolean;
  /** Undefined where the video has it not, such as for want of a reference. */
  readonly of: (score: VideoScore) => number | undefined;
}

const share = { better: 'higher', percent: true, digits: 1 } as const;

export const tableMeasures: readonly TableMeasure[] = [
  { name: 'diceLv', title: 'LV Dice %', ...share, verdict: false, of: ({ dice }) => dice?.lv },
  { name: 'diceMyo', title: 'MYO Dice %', ...share, verdict: false, of: ({ dice }) => dice?.myo },
  { name: 'dice', title: 'Dice %', ...share, verdict: false, of: ({ dice }) => dice?.mean },
  {
    name: 'hausdorffMm',
    title: 'Hausdorff mm',
    better: 'lower',
    percent: false,
    digits: 1,
    verdict: false,
    of: ({ hausdorffMm }) => hausdorffMm?.mean ?? hausdorffMm?.lv,
  },
  {
    name: 'anatomicalValidity',
    title: 'anatomically valid %',
    ...share,
    verdict: true,
    of: ({ anatomical }) => Number(anatomical.valid),
  },
  {
    name: 'temporalValidity',
    title: 'temporally valid %',
    ...share,
    verdict: true,
    of: ({ temporal }) => Number(temporal.valid),
  },
  {
    name: 'temporalValidityAtFrameRate',
    title: 'at the frame rate %',
    ...share,
    verdict: true,
    of: ({ temporalAtFrameRate }) => temporalAtFrameRate && Number(temporalAtFrameRate.valid),
  },
  {
    name: 'mistakesPerCycle5mm',
    title: 'valve mistakes a cycle',
    better: 'lower',
    percent: false,
    digits: 2,
    verdict: false,
    of: ({ landmarks }) => landmarks?.mistakesPerCycle5mm,
  },
  {
    name: 'flaggedFrames',
    title: 'flagged frames',
    better: 'lower',
    percent: false,
    digits: 2,
    verdict: false,
    of: ({ temporal }) => temporal.flaggedFrames.length,
  },
];

/** True when `a` is better than `b`. */
export function isBetter({ better }: Pick<TableMeasure, 'better'>, a: number, b: number): boolean {
  return better === 'higher' ? a > b : a < b;
}
