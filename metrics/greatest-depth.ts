/** The greatest Euclidean distance from a pixel of a mask to a pixel outside it, by the runs of the mask. */
import { type Runs, rowStarts } from '../imaging/runs.ts';

/**
 * Looks for pixels farther from the outside than any before. Whole intervals of a row are ruled out at once: a pixel is
 * deeper than g only when, on every row that the circle of radius g around it meets, one run of the mask holds all that
 * lies in the circle.
 */
class DepthSearch {
  readonly #mask: Runs;
  readonly #first: Int32Array;
  readonly #rows: number;
  readonly #columns: number;
  /** Square of the greatest distance so far, in pixels. */
  greatest: number;
  /** The whole part of that distance. */
  #radius: number;

  constructor(mask: Runs, rows: number, columns: number, known: number) {
    this.#mask = mask;
    this.#first = rowStarts(mask, rows);
    this.#rows = rows;
    this.#columns = columns;
    this.greatest = known * known;
    this.#radius = known;
  }

  /** Makes `greatest` the greatest of itself and the pixels start..end-1 of a row. */
  searchRun(row: number, start: number, end: number): void {
    let column = start - 1;
    for (;;) {
      column = this.#firstDeeper(row, column + 1, end, 0);
      if (column < 0) return;
      this.greatest = this.#squaredDepth(row, column);
      this.#radius = Math.floor(Math.sqrt(this.greatest));
    }
  }

  /**
   * First column of from..to-1 that is deeper than `greatest`, or -1. `step` counts the rows that were looked at: first
   * the row itself, where a wall that stands is thin, then from the farthest rows, where one that lies is thin.
   */
  #firstDeeper(row: number, from: number, to: number, step: number): number {
    if (from >= to) return -1;
    if (step > 2 * this.#radius) return from;
    const away = step === 0 ? 0 : this.#radius - ((step - 1) >> 1);
    const other = step % 2 === 1 ? row + away : row - away;
    if (other < 0 || other >= this.#rows) return this.#firstDeeper(row, from, to, step + 1);
    const reach = Math.floor(Math.sqrt(this.greatest - away * away));
    const { start, end } = this.#mask;
    for (let i = this.#first[other]!; i < this.#first[other + 1]! && start[i]! < to; i++) {
      if (end[i]! <= from) continue;
      const [left, right] = this.#innerColumns(i, reach);
      const found = this.#firstDeeper(row, Math.max(from, left), Math.min(to, right), step + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  /**
   * First column of a run that lies `reach` from both its ends, and the one after the last; edges of the image are no
   * ends.
   */
  #innerColumns(run: number, reach: number): readonly [number, number] {
    const start = this.#mask.start[run]!;
    const end = this.#mask.end[run]!;
    return [start === 0 ? 0 : start + reach, end === this.#columns ? end : end - reach];
  }

  /** Squared distance of one pixel of the mask to the outside. */
  #squaredDepth(row: number, column: number): number {
    let best = Number.POSITIVE_INFINITY;
    for (let away = 0; away * away < best && (row - away >= 0 || row + away < this.#rows); away++) {
      for (const other of [row - away, row + away]) {
        if (other < 0 || other >= this.#rows) continue;
        const across = this.#acrossTo(other, column);
        best = Math.min(best, away * away + across * across);
      }
    }
    return best;
  }

  /** Columns from a pixel to the nearest one outside the mask in the same row: 0 when it is outside itself. */
  #acrossTo(row: number, column: number): number {
    const { start, end } = this.#mask;
    for (let i = this.#first[row]!; i < this.#first[row + 1]! && start[i]! <= column; i++) {
      if (end[i]! <= column) continue;
      const left = start[i] === 0 ? Number.POSITIVE_INFINITY : column - start[i]! + 1;
      const right = end[i] === this.#columns ? Number.POSITIVE_INFINITY : end[i]! - column;
      return Math.min(left, right);
    }
    return 0;
  }
}

/**
 * Greatest distance in pixels; `known` is a whole number that it is known to reach. Beyond the image is not outside the
 * mask. The image of rows x columns must hold a pixel that is not in the mask.
 */
export function greatestDepth(mask: Runs, rows: number, columns: number, known: number): number {
  const search = new DepthSearch(mask, rows, columns, known);
  for (let i = 0; i < mask.runs; i++) search.searchRun(mask.row[i]!, mask.start[i]!, mask.end[i]!);
  return Math.sqrt(search.greatest);
}
