/**
 * Greatest distance from one surface to another, exact and linear in pixels. Surfaces near each other, the usual case,
 * are searched row by row from each pixel; once that has cost as much as the area, distances along columns come from
 * two sweeps and rows are solved by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012).
 */
import type { Surface } from './surfaces.ts';

/** Buffers that live from call to call, so that a video does not allocate per frame. */
class Scratch {
  rowStart: Int32Array = new Int32Array(0);
  steps: Int32Array = new Int32Array(0);
  vertex: Int32Array = new Int32Array(0);
  from: Float64Array = new Float64Array(0);

  reserveRows(rows: number): void {
    if (this.rowStart.length <= rows) this.rowStart = new Int32Array(rows + 1);
  }

  reservePixels(pixels: number): void {
    if (this.steps.length < pixels) this.steps = new Int32Array(pixels);
  }

  reserveColumns(columns: number): void {
    if (this.vertex.length >= columns) return;
    this.vertex = new Int32Array(columns);
    this.from = new Float64Array(columns + 1);
  }
}

const scratch = new Scratch();

const FAR = 1 << 20;

/** Squared greatest distance from a pixel of `from` to its nearest pixel of `to`, at least `known`. */
export function directedSquared(
  from: Surface,
  to: Surface,
  spacing: readonly [number, number],
  known: number,
): number {
  const top = to.row[0]!;
  const height = to.row[to.count - 1]! - top + 1;
  indexRows(to, top, height);
  const area = height * (to.right - to.left + 1);
  const search = new RowSearch(to, top, height, spacing);
  let greatest = known;
  for (let i = 0; i < from.count; i++) {
    if (search.cost > area) return sweptSquared(from, to, spacing, i, greatest);
    greatest = Math.max(greatest, search.nearest(from.row[i]!, from.column[i]!, greatest));
  }
  return greatest;
}

/** Where the pixels of each row of a surface begin, in the scratch; after the last row their number. */
function indexRows(surface: Surface, top: number, height: number): void {
  scratch.reserveRows(height);
  const { rowStart } = scratch;
  for (let r = 0, i = 0; r <= height; r++) {
    rowStart[r] = i;
    while (i < surface.count && surface.row[i] === top + r) i++;
  }
}

/** Searches a surface, whose rows are indexed in the scratch, outwards from single pixels. */
class RowSearch {
  readonly #to: Surface;
  readonly #top: number;
  readonly #height: number;
  readonly #rowUnit: number;
  readonly #columnUnit: number;
  /** Rows looked at. */
  cost = 0;

  constructor(to: Surface, top: number, height: number, spacing: readonly [number, number]) {
    this.#to = to;
    this.#top = top;
    this.#height = height;
    this.#rowUnit = spacing[0] * spacing[0];
    this.#columnUnit = spacing[1] * spacing[1];
  }

  /** Squared distance from a pixel to the surface; may stop early with any value up to `enough`. */
  nearest(row: number, column: number, enough: number): number {
    const y = row - this.#top;
    const last = this.#height - 1;
    let best = Number.POSITIVE_INFINITY;
    // Above the rows of the surface, or below them, the search starts where they start.
    const reach = Math.max(y, last - y);
    for (let d = Math.max(0, -y, y - last); d <= reach; d++) {
      const along = this.#rowUnit * d * d;
      if (along >= best) break;
      if (y - d >= 0 && y - d <= last) best = Math.min(best, this.#inRow(y - d, column, along));
      if (y + d <= last && y + d >= 0) best = Math.min(best, this.#inRow(y + d, column, along));
      if (best <= enough) break;
    }
    return best;
  }

  /** Squared distance from a column to the pixels of the surface in one row, `along` being that between the rows. */
  #inRow(y: number, column: number, along: number): number {
    const { rowStart } = scratch;
    const columns = this.#to.column;
    const first = rowStart[y]!;
    const end = rowStart[y + 1]!;
    this.cost++;
    if (first === end) return Number.POSITIVE_INFINITY;
    // The first pixel at or after the column; it or the one before it is the nearest.
    let low = first;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (columns[middle]! < column) low = middle + 1;
      else high = middle;
    }
    const after = low < end ? columns[low]! - column : Number.POSITIVE_INFINITY;
    const before = low > first ? column - columns[low - 1]! : Number.POSITIVE_INFINITY;
    const across = Math.min(after, before);
    return this.#columnUnit * across * across + along;
  }
}

/** `directedSquared` for the pixels of `from` from number `start` on, by sweeps over all pixels. */
function sweptSquared(
  from: Surface,
  to: Surface,
  spacing: readonly [number, number],
  start: number,
  known: number,
): number {
  const top = Math.min(from.row[0]!, to.row[0]!);
  const bottom = Math.max(from.row[from.count - 1]!, to.row[to.count - 1]!);
  const left = to.left;
  const width = to.right - left + 1;
  const height = bottom - top + 1;
  const area = width * height;
  scratch.reservePixels(area);
  scratch.reserveColumns(width);
  const { steps } = scratch;

  steps.fill(FAR, 0, area);
  for (let i = 0; i < to.count; i++) steps[(to.row[i]! - top) * width + to.column[i]! - left] = 0;
  for (let i = width; i < area; i++) {
    const above = steps[i - width]! + 1;
    if (above < steps[i]!) steps[i] = above;
  }
  for (let i = area - width - 1; i >= 0; i--) {
    const below = steps[i + width]! + 1;
    if (below < steps[i]!) steps[i] = below;
  }

  let greatest = known;
  for (let first = start; first < from.count; ) {
    const row = from.row[first]!;
    let end = first + 1;
    while (end < from.count && from.row[end] === row) end++;
    const envelope = new RowEnvelope((row - top) * width, width, spacing);
    for (let i = first; i < end; i++) {
      greatest = Math.max(greatest, envelope.squaredAt(from.column[i]! - left));
    }
    first = end;
  }
  return greatest;
}

/**
 * Squared distances from the pixels of one row to the surface: the lower envelope of the parabolas that stand over its
 * columns, by the steps in the scratch.
 */
class RowEnvelope {
  readonly #offset: number;
  readonly #rowUnit: number;
  readonly #columnUnit: number;
  /** Number of the last parabola of the envelope, and of the one that was asked for last. */
  #last = -1;
  #current = 0;

  /** @param offset where the row begins in the scratch */
  constructor(offset: number, width: number, spacing: readonly [number, number]) {
    this.#offset = offset;
    this.#rowUnit = spacing[0] * spacing[0];
    this.#columnUnit = spacing[1] * spacing[1];
    for (let column = 0; column < width; column++) {
      if (scratch.steps[offset + column]! < FAR) this.#add(column);
    }
  }

  /** At a column counted from the left of the surface; columns are asked for in rising order. */
  squaredAt(column: number): number {
    const { vertex, from } = scratch;
    while (this.#current < this.#last && from[this.#current + 1]! < column) this.#current++;
    const lowest = vertex[this.#current]!;
    const across = column - lowest;
    return this.#heightOf(lowest) + this.#columnUnit * across * across;
  }

  /** Adds the parabola of a column to the right of all others, without those that it leaves nowhere lowest. */
  #add(column: number): void {
    const { vertex, from } = scratch;
    let crossing = Number.NEGATIVE_INFINITY;
    while (this.#last >= 0) {
      crossing = this.#crossing(vertex[this.#last]!, column);
      if (crossing > from[this.#last]!) break;
      this.#last--;
      crossing = Number.NEGATIVE_INFINITY;
    }
    this.#last++;
    vertex[this.#last] = column;
    from[this.#last] = crossing;
  }

  /** Where the parabola of a column becomes lower than that of one to its left. */
  #crossing(left: number, column: number): number {
    const rise = this.#heightOf(column) - this.#heightOf(left);
    return rise / (2 * this.#columnUnit * (column - left)) + 0.5 * (column + left);
  }

  #heightOf(column: number): number {
    const steps = scratch.steps[this.#offset + column]!;
    return this.#rowUnit * steps * steps;
  }
}
