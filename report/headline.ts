/**
 * The figures by which a run is judged, before and after, in words and numbers: shared by the page and the terminal, so
 * that they never disagree.
 */
import type { ChangeIntervals, EvaluationNumbers, PolicyResult } from '../contracts/results.ts';
import { counted } from '../ground/counted.ts';

export interface Change {
  /** With its interval where that is known; `-` when one side is missing. */
  readonly change: string;
  /** `unclear` where the interval holds zero, `none` when one side is missing. */
  readonly direction: 'better' | 'worse' | 'unclear' | 'same' | 'none';
}

export interface HeadlineRow extends Change {
  readonly label: string;
  /** The policy before the adaptation, segmented as published, and the change from that to the one after. */
  readonly plain?: { readonly value: string } & Change;
  readonly before: string;
  readonly after: string;
}

/** What is set side by side. */
export interface HeadlineSides {
  readonly plain?: EvaluationNumbers | undefined;
  readonly before?: EvaluationNumbers | undefined;
  readonly after?: EvaluationNumbers | undefined;
  /** Of after - before. */
  readonly change?: ChangeIntervals | undefined;
  /** Of after - plain. */
  readonly changeFromPlain?: ChangeIntervals | undefined;
  /** There where no test videos were: the numbers are of those by which the policy was chosen. */
  readonly choseThePolicy?: true | undefined;
}

/** What a run knows of its policies. */
export interface JudgedPolicies {
  readonly policies: readonly PolicyResult[];
  readonly best: PolicyResult;
  readonly change?: ChangeIntervals | undefined;
  readonly changeFromPlain?: ChangeIntervals | undefined;
}

/** The policy before the adaptation and the best one, on test videos where there are any, else on validation videos. */
export function headlineSides({ policies, best, change, changeFromPlain }: JudgedPolicies): HeadlineSides {
  const first = policies.find(({ iteration }) => iteration === 0);
  const before = first?.test ?? first?.validation;
  const after = best.test ?? best.validation;
  return {
    ...(first?.plain && { plain: first.plain }),
    ...(before && { before }),
    ...(after && { after }),
    ...(change && { change }),
    ...(changeFromPlain && { changeFromPlain }),
    ...(!best.test && best.validation && { choseThePolicy: true }),
  };
}

/** What the numbers are of: `12 held-out target videos`. */
export function headlineVideos({ before, after, choseThePolicy }: HeadlineSides): string {
  const kind = choseThePolicy ? 'target validation' : 'held-out target';
  const videos = (after ?? before)?.videos;
  return videos === undefined ? `${kind} videos` : counted(videos, `${kind} video`);
}

interface Measure {
  readonly name: keyof ChangeIntervals;
  readonly label: string;
  readonly digits: number;
  readonly unit: ' %' | ' mm' | '';
  readonly higherIsBetter: boolean;
}

const measures: readonly Measure[] = [
  { name: 'dice', label: 'Dice, mean of LV and myocardium', digits: 1, unit: ' %', higherIsBetter: true },
  { name: 'diceLv', label: 'Dice, LV', digits: 1, unit: ' %', higherIsBetter: true },
  { name: 'diceMyo', label: 'Dice, myocardium', digits: 1, unit: ' %', higherIsBetter: true },
  { name: 'hausdorffMm', label: 'Hausdorff distance', digits: 2, unit: ' mm', higherIsBetter: false },
  {
    name: 'anatomicalValidity',
    label: 'Anatomically valid videos',
    digits: 1,
    unit: ' %',
    higherIsBetter: true,
  },
  { name: 'temporalValidity', label: 'Temporally valid videos', digits: 1, unit: ' %', higherIsBetter: true },
  {
    name: 'mistakesPerCycle5mm',
    label: 'Mitral valve mistakes per cycle (5 mm)',
    digits: 2,
    unit: '',
    higherIsBetter: false,
  },
];

/** As it is shown: shares as percent. */
function shown(value: number, { unit, digits }: Measure): string {
  return (unit === ' %' ? 100 * value : value).toFixed(digits);
}

/** One row per measure that either side has; changes with their intervals where these are known. */
export function headlineRows({
  plain,
  before,
  after,
  change = {},
  changeFromPlain = {},
}: HeadlineSides): HeadlineRow[] {
  return measures.flatMap((measure) => {
    const { name, label } = measure;
    const [old, now] = [before?.[name], after?.[name]];
    if (old === undefined && now === undefined) return [];
    const write = (value: number | undefined) =>
      value === undefined || !Number.isFinite(value) ? '-' : `${shown(value, measure)}${measure.unit}`;
    return {
      label,
      ...(plain && {
        plain: { value: write(plain[name]), ...changeOf(measure, plain[name], now, changeFromPlain[name]) },
      }),
      before: write(old),
      after: write(now),
      ...changeOf(measure, old, now, change[name]),
    };
  });
}

/** How the rows are to be read, as far as they have what needs it. */
export function headlineNotes({ plain, change, changeFromPlain, choseThePolicy }: HeadlineSides): string[] {
  const whatChose = 'The target has no test videos: by these the policy was chosen, which may flatter it.';
  const intervals =
    'In brackets: 95 % intervals of the change, over patients; where they hold 0, it may be chance.';
  const whatPlainIs =
    'Plain is the policy before the adaptation as it came; before and after are segmented with all that the inference of this run does.';
  return [
    ...(choseThePolicy ? [whatChose] : []),
    ...((change ?? changeFromPlain) ? [intervals] : []),
    ...(plain ? [whatPlainIs] : []),
  ];
}

function changeOf(
  measure: Measure,
  before: number | undefined,
  after: number | undefined,
  interval: ChangeIntervals[keyof ChangeIntervals],
): Change {
  if (before === undefined || after === undefined || !Number.isFinite(before) || !Number.isFinite(after)) {
    return { change: '-', direction: 'none' };
  }
  const signed = (value: number): string => {
    const text = shown(value, measure);
    return Number(text) === 0 ? '0' : `${Number(text) > 0 ? '+' : ''}${text}`;
  };
  const change = signed(after - before);
  const range = interval ? ` (${signed(interval.low)} to ${signed(interval.high)})` : '';
  if (change === '0') return { change: `0${range}`, direction: 'same' };
  const better = Number(change) > 0 === measure.higherIsBetter;
  const unit = measure.unit === ' %' ? ' points' : measure.unit;
  // By the digits that are shown: nothing is called better beside brackets that hold 0.
  const bound = (value: number) => Number(shown(value, measure));
  const unclear = interval !== undefined && bound(interval.low) <= 0 && bound(interval.high) >= 0;
  const direction = unclear ? 'unclear' : better ? 'better' : 'worse';
  return { change: `${change}${unit}${range}`, direction };
}
