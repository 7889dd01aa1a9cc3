/** How numbers of the table are written, in whatever form the table has. */
import type { TableMeasure } from './measures.ts';
import type { Cell, TableRow } from './table.ts';

/** Corrected p-value below which a row is marked as another than the best. */
const LEVEL = 0.05;

export function numberText(
  { percent, digits }: Pick<TableMeasure, 'percent' | 'digits'>,
  value: number,
): string {
  return (percent ? 100 * value : value).toFixed(digits);
}

/** `94.2 (93.1-95.0)`, without the bracket where there is no interval. */
export function cellText(measure: TableMeasure, cell: Cell): string {
  const interval = intervalText(measure, cell, '-');
  return `${numberText(measure, cell.mean)}${interval && ` ${interval}`}`;
}

/** `(93.1-95.0)` with what is to stand between its ends; empty where there is no interval. */
export function intervalText(measure: TableMeasure, { low, high }: Cell, between: string): string {
  if (low === undefined || high === undefined) return '';
  return `(${numberText(measure, low)}${between}${numberText(measure, high)})`;
}

/** Differs from the best contender by more than chance, after correction for the number of rows. */
export function isApart({ versusBest }: Cell): boolean {
  return versusBest !== undefined && versusBest.adjusted < LEVEL;
}

/** Wall time and steps of all trainings; empty where nothing was trained here. */
export function trainingText({ trainings }: Pick<TableRow, 'trainings'>): string {
  return trainings
    .map(({ name, steps, seconds }) => {
      const time = seconds < 90 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;
      return steps > 0 ? `${name} ${time}, ${steps} steps` : `${name} ${time}`;
    })
    .join('; ');
}
