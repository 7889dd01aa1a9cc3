/**
 * Masks as horizontal runs of pixels in scan order. What takes every pixel of a mask otherwise (eroding, counting,
 * intersecting) takes every run here, of which a smooth structure has one or two a row.
 */

/** Run `i` covers columns start[i]..end[i]-1 of row[i]. Arrays may be longer than `runs`. */
export interface Runs {
  readonly runs: number;
  readonly row: Int32Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
}

function grown(list: Int32Array): Int32Array {
  const longer = new Int32Array(list.length * 2);
  longer.set(list);
  return longer;
}

/** Runs that are added one by one, in scan order. */
export class RunList implements Runs {
  runs = 0;
  row: Int32Array;
  start: Int32Array;
  end: Int32Array;

  constructor(capacity: number) {
    this.row = new Int32Array(capacity);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
  }

  add(row: number, start: number, end: number): void {
    const i = this.runs++;
    if (i === this.row.length) {
      this.row = grown(this.row);
      this.start = grown(this.start);
      this.end = grown(this.end);
    }
    this.row[i] = row;
    this.start[i] = start;
    this.end[i] = end;
  }
}

/** Room for two runs a row, the most that a structure without ragged edges has. */
function roomFor(rows: number): number {
  return 2 * rows + 16;
}

/** Runs of the pixels whose value is in `members` (a table of 256 flags); `pixels` has shape [rows, columns]. */
export function maskRuns(pixels: Uint8Array, rows: number, columns: number, members: Uint8Array): Runs {
  const found = new RunList(roomFor(rows));
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    let c = 0;
    while (c < columns) {
      while (c < columns && members[pixels[offset + c]!]! === 0) c++;
      if (c === columns) break;
      const from = c;
      while (c < columns && members[pixels[offset + c]!]! !== 0) c++;
      found.add(r, from, c);
    }
  }
  return found;
}

/** Runs of each value below `values`, in one pass; `pixels` has shape [rows, columns]. Other values are in no run. */
export function runsByValue(pixels: Uint8Array, rows: number, columns: number, values: number): Runs[] {
  const found = Array.from({ length: values }, () => new RunList(roomFor(rows)));
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    let c = 0;
    while (c < columns) {
      const from = c;
      const value = pixels[offset + c]!;
      do c++;
      while (c < columns && pixels[offset + c] === value);
      found[value]?.add(r, from, c);
    }
  }
  return found;
}

/** Where the runs of each row begin, and after the last row their number; length rows + 1. */
export function rowStarts(found: Runs, rows: number): Int32Array {
  const first = new Int32Array(rows + 1);
  for (let i = 0; i < found.runs; i++) first[found.row[i]! + 1]!++;
  for (let r = 0; r < rows; r++) first[r + 1]! += first[r]!;
  return first;
}

/** The pixels of an image that the runs leave out. */
export function complementRuns(found: Runs, rows: number, columns: number): Runs {
  const rest = new RunList(found.runs + rows);
  let i = 0;
  for (let r = 0; r < rows; r++) {
    let from = 0;
    for (; i < found.runs && found.row[i] === r; i++) {
      if (found.start[i]! > from) rest.add(r, from, found.start[i]!);
      from = found.end[i]!;
    }
    if (from < columns) rest.add(r, from, columns);
  }
  return rest;
}

/** Pixels in the runs. */
export function countPixels(found: Runs): number {
  let pixels = 0;
  for (let i = 0; i < found.runs; i++) pixels += found.end[i]! - found.start[i]!;
  return pixels;
}

/** Pixels in both. */
export function countShared(a: Runs, b: Runs): number {
  let pixels = 0;
  for (let i = 0, j = 0; i < a.runs && j < b.runs; ) {
    const rows = a.row[i]! - b.row[j]!;
    if (rows === 0) {
      pixels += Math.max(0, Math.min(a.end[i]!, b.end[j]!) - Math.max(a.start[i]!, b.start[j]!));
    }
    // The one that ends first meets nothing more.
    if (rows < 0 || (rows === 0 && a.end[i]! < b.end[j]!)) i++;
    else j++;
  }
  return pixels;
}

/** Runs one column narrower on each side, but for sides at the edge of the image. */
function narrowed(found: Runs, columns: number): Runs {
  const narrow = new RunList(found.runs);
  for (let i = 0; i < found.runs; i++) {
    const start = found.start[i]! === 0 ? 0 : found.start[i]! + 1;
    const end = found.end[i]! === columns ? columns : found.end[i]! - 1;
    if (start < end) narrow.add(found.row[i]!, start, end);
  }
  return narrow;
}

/** Runs of one row, from..to-1 of a list. */
interface RunRange {
  readonly from: number;
  readonly to: number;
}

/** Adds to `shared`, as runs of a row, the columns that lie in a run of each of three rows of `found`. */
function addSharedByThree(
  { start, end }: Runs,
  [first, second, third]: readonly [RunRange, RunRange, RunRange],
  row: number,
  shared: RunList,
): void {
  let a = first.from;
  let h = second.from;
  let b = third.from;
  while (a < first.to && h < second.to && b < third.to) {
    const from = Math.max(start[a]!, start[h]!, start[b]!);
    const to = Math.min(end[a]!, end[h]!, end[b]!);
    if (from < to) shared.add(row, from, to);
    if (end[a] === to) a++;
    if (end[h] === to) h++;
    if (end[b] === to) b++;
  }
}

/**
 * Erosion by a square of 3 x 3 pixels. Beyond the image counts as part of the mask, as in skimage: nothing is eaten
 * from the edge.
 */
export function erodeRuns(found: Runs, rows: number, columns: number): Runs {
  const narrow = narrowed(found, columns);
  const first = rowStarts(narrow, rows);
  const runsOf = (r: number): RunRange => ({ from: first[r]!, to: first[r + 1]! });
  const eroded = new RunList(narrow.runs + 1);
  for (let r = 0; r < rows; r++) {
    const above = Math.max(0, r - 1);
    const below = Math.min(rows - 1, r + 1);
    addSharedByThree(narrow, [runsOf(above), runsOf(r), runsOf(below)], r, eroded);
  }
  return eroded;
}
