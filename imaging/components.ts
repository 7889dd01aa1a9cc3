/**
 * Connected components of a binary mask by runs: one pass finds the horizontal runs of each row and joins them with
 * those of the row above (union-find), so the work is linear in pixels and the bookkeeping is proportional to runs.
 * Components are numbered from 1 in the order in which a row-by-row scan first meets them, as scipy and skimage do.
 */
export type Connectivity = 4 | 8;

/** Components as runs; run `i` covers columns start[i]..end[i]-1 of row[i]. Arrays may be longer than `runs`. */
export interface ComponentRuns {
  readonly runs: number;
  readonly row: Int32Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Component of each run, from 1. */
  readonly label: Int32Array;
  readonly components: number;
  /** Pixels of each component; index 0 is unused. */
  readonly sizes: Int32Array;
  /** 1 for a component with a pixel on the edge of the image; index 0 is unused. */
  readonly touchesBorder: Uint8Array;
}

/** Pixel value to 1 where it belongs to the mask, for all values that are not 0. */
export const nonZero: Uint8Array = new Uint8Array(256).fill(1, 1);

/** Table of pixel values: 1 at each of the given values. */
export function valueTable(...values: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const value of values) table[value] = 1;
  return table;
}

function findRoot(parent: Int32Array, run: number): number {
  let root = run;
  while (parent[root]! !== root) root = parent[root]!;
  for (let step = run; step !== root; ) {
    const next = parent[step]!;
    parent[step] = root;
    step = next;
  }
  return root;
}

/** Grows a list of numbers that is filled one by one. */
function grown(list: Int32Array): Int32Array {
  const longer = new Int32Array(list.length * 2);
  longer.set(list);
  return longer;
}

/**
 * Components of the pixels whose value is in `members` (a table of 256 flags, see `valueTable`).
 * `pixels` has shape [rows, columns].
 */
export function componentRuns(
  pixels: Uint8Array,
  rows: number,
  columns: number,
  connectivity: Connectivity,
  members: Uint8Array = nonZero,
): ComponentRuns {
  let row: Int32Array = new Int32Array(4 * rows + 16);
  let start: Int32Array = new Int32Array(row.length);
  let end: Int32Array = new Int32Array(row.length);
  let parent: Int32Array = new Int32Array(row.length);
  const reach = connectivity === 8 ? 1 : 0;
  let runs = 0;
  let aboveFrom = 0;
  let aboveTo = 0;
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    const rowFrom = runs;
    let above = aboveFrom;
    let c = 0;
    while (c < columns) {
      while (c < columns && members[pixels[offset + c]!]! === 0) c++;
      if (c === columns) break;
      const from = c;
      while (c < columns && members[pixels[offset + c]!]! !== 0) c++;
      if (runs === row.length) {
        row = grown(row);
        start = grown(start);
        end = grown(end);
        parent = grown(parent);
      }
      row[runs] = r;
      start[runs] = from;
      end[runs] = c;
      parent[runs] = runs;
      while (above < aboveTo && end[above]! + reach <= from) above++;
      for (let k = above; k < aboveTo && start[k]! < c + reach; k++) {
        const a = findRoot(parent, k);
        const b = findRoot(parent, runs);
        // The smaller root wins, so a component keeps the number of the run that was met first.
        if (a < b) parent[b] = a;
        else parent[a] = b;
      }
      runs++;
    }
    aboveFrom = rowFrom;
    aboveTo = runs;
  }

  const label = new Int32Array(runs);
  let components = 0;
  for (let i = 0; i < runs; i++) {
    const root = findRoot(parent, i);
    label[i] = root === i ? ++components : label[root]!;
  }
  const sizes = new Int32Array(components + 1);
  const touchesBorder = new Uint8Array(components + 1);
  for (let i = 0; i < runs; i++) {
    const name = label[i]!;
    sizes[name]! += end[i]! - start[i]!;
    if (row[i] === 0 || row[i] === rows - 1 || start[i] === 0 || end[i] === columns) touchesBorder[name] = 1;
  }
  return { runs, row, start, end, label, components, sizes, touchesBorder };
}

/** Component with the most pixels, the one met first on ties; 0 when there is none. */
export function largestLabel(found: ComponentRuns): number {
  let best = 0;
  for (let name = 1; name <= found.components; name++) {
    if (best === 0 || found.sizes[name]! > found.sizes[best]!) best = name;
  }
  return best;
}

/**
 * Numbers the components of a mask (non-zero pixels), shape [rows, columns].
 * `labels` holds 0 for background; `sizes[label]` is the number of pixels, background included.
 */
export function labelComponents(
  mask: Uint8Array,
  rows: number,
  columns: number,
  connectivity: Connectivity,
): { labels: Int32Array; sizes: number[] } {
  const found = componentRuns(mask, rows, columns, connectivity);
  const labels = new Int32Array(rows * columns);
  let foreground = 0;
  for (let i = 0; i < found.runs; i++) {
    const offset = found.row[i]! * columns;
    labels.fill(found.label[i]!, offset + found.start[i]!, offset + found.end[i]!);
    foreground += found.end[i]! - found.start[i]!;
  }
  const sizes = Array.from(found.sizes);
  sizes[0] = rows * columns - foreground;
  return { labels, sizes };
}

/** The largest component of a mask as 0/1, shape [rows, columns]; the first in scan order on ties; empty stays empty. */
export function largestComponent(
  mask: Uint8Array,
  rows: number,
  columns: number,
  connectivity: Connectivity,
  members: Uint8Array = nonZero,
): Uint8Array {
  const found = componentRuns(mask, rows, columns, connectivity, members);
  const keep = largestLabel(found);
  const result = new Uint8Array(rows * columns);
  for (let i = 0; i < found.runs; i++) {
    if (found.label[i] !== keep) continue;
    const offset = found.row[i]! * columns;
    result.fill(1, offset + found.start[i]!, offset + found.end[i]!);
  }
  return result;
}

/**
 * The mask with its holes filled, as 0/1. A hole is background that cannot reach the edge of the image by steps of
 * `connectivity` (4 by default, as scipy's binary_fill_holes).
 */
export function fillHoles(
  mask: Uint8Array,
  rows: number,
  columns: number,
  connectivity: Connectivity = 4,
): Uint8Array {
  const background = componentRuns(mask, rows, columns, connectivity, valueTable(0));
  const result = new Uint8Array(rows * columns).fill(1);
  for (let i = 0; i < background.runs; i++) {
    if (background.touchesBorder[background.label[i]!] === 0) continue;
    const offset = background.row[i]! * columns;
    result.fill(0, offset + background.start[i]!, offset + background.end[i]!);
  }
  return result;
}
