/**
 * The figures by which a run is judged, before and after, in words and numbers: shared by the page and the terminal, so
 * that they never disagree.
 */
import type { EvaluationNumbers } from '../contracts/results.ts';

export interface HeadlineRow {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  /** `none` when one side is missing. */
  readonly direction: 'better' | 'worse' | 'same' | 'none';
}

interface Measure {
  readonly label: string;
  readonly digits: number;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  value(summary: EvaluationNumbers): number | undefined;
}

const measures: readonly Measure[] = [
  {
    label: 'Dice, mean of LV and myocardium',
    digits: 1,
    unit: ' %',
    higherIsBetter: true,
    value: (s) => times100(s.dice),
  },
  { label: 'Dice, LV', digits: 1, unit: ' %', higherIsBetter: true, value: (s) => times100(s.diceLv) },
  {
    label: 'Dice, myocardium',
    digits: 1,
    unit: ' %',
    higherIsBetter: true,
    value: (s) => times100(s.diceMyo),
  },
  { label: 'Hausdorff distance', digits: 2, unit: ' mm', higherIsBetter: false, value: (s) => s.hausdorffMm },
  {
    label: 'Anatomically valid videos',
    digits: 1,
    unit: ' %',
    higherIsBetter: true,
    value: (s) => times100(s.anatomicalValidity),
  },
  {
    label: 'Temporally valid videos',
    digits: 1,
    unit: ' %',
    higherIsBetter: true,
    value: (s) => times100(s.temporalValidity),
  },
  {
    label: 'Mitral valve mistakes per cycle (5 mm)',
    digits: 2,
    unit: '',
    higherIsBetter: false,
    value: (s) => s.mistakesPerCycle5mm,
  },
];

function times100(share: number | undefined): number | undefined {
  return share === undefined ? undefined : 100 * share;
}

/** One row per measure that either side has. */
export function headlineRows(
  before: EvaluationNumbers | undefined,
  after: EvaluationNumbers | undefined,
): HeadlineRow[] {
  const rows: HeadlineRow[] = [];
  for (const measure of measures) {
    const old = before && measure.value(before);
    const now = after && measure.value(after);
    if (old === undefined && now === undefined) continue;
    const write = (value: number | undefined) =>
      value === undefined || !Number.isFinite(value)
        ? '-'
        : `${value.toFixed(measure.digits)}${measure.unit}`;
    rows.push({
      label: measure.label,
      before: write(old),
      after: write(now),
      ...changeOf(measure, old, now),
    });
  }
  return rows;
}

function changeOf(
  measure: Measure,
  before: number | undefined,
  after: number | undefined,
): Pick<HeadlineRow, 'change' | 'direction'> {
  if (before === undefined || after === undefined || !Number.isFinite(before) || !Number.isFinite(after)) {
    return { change: '-', direction: 'none' };
  }
  const shown = (after - before).toFixed(measure.digits);
  if (Number(shown) === 0) return { change: '0', direction: 'same' };
  const better = Number(shown) > 0 === measure.higherIsBetter;
  return {
    change: `${Number(shown) > 0 ? '+' : ''}${shown}${measure.unit === ' %' ? ' points' : measure.unit}`,
    direction: better ? 'better' : 'worse',
  };
}
