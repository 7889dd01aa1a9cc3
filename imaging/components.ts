/**
 * Connected components of a binary mask by runs: the horizontal runs of each row are joined with those of the row above
 * (union-find), so finding the runs is linear in pixels and all else is proportional to runs.
 * Components are numbered from 1 in the order in which a row-by-row scan first meets them, as scipy and skimage do.
 */
import { maskRuns, type Runs } from './runs.ts';

export type Connectivity = 4 | 8;

/** Runs with the component that each belongs to. */
export interface ComponentRuns extends Runs {
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
  return connectRuns(maskRuns(pixels, rows, columns, members), rows, columns, connectivity);
}

/** Joins the runs of each row with those of the row above that they touch; the parent of each run. */
function joinRuns({ runs, row, start, end }: Runs, connectivity: Connectivity): Int32Array {
  const parent = new Int32Array(runs);
  const reach = connectivity === 8 ? 1 : 0;
  let rowFrom = 0;
  let above = 0;
  let aboveTo = 0;
  for (let i = 0; i < runs; i++) {
    if (i === 0 || row[i] !== row[i - 1]) {
      // The runs of the row that ends here lie above this one only when no row between them is empty.
      above = i > 0 && row[i] === row[i - 1]! + 1 ? rowFrom : i;
      aboveTo = i;
      rowFrom = i;
    }
    parent[i] = i;
    while (above < aboveTo && end[above]! + reach <= start[i]!) above++;
    for (let k = above; k < aboveTo && start[k]! < end[i]! + reach; k++) join(parent, k, i);
  }
  return parent;
}

/** Makes one component of two. The smaller root wins, so a component keeps the number of the run that was met first. */
function join(parent: Int32Array, run: number, other: number): void {
  const a = findRoot(parent, run);
  const b = findRoot(parent, other);
  if (a < b) parent[b] = a;
  else parent[a] = b;
}

/** Components of a mask of which the runs are known, in an image of rows x columns. */
export function connectRuns(
  mask: Runs,
  rows: number,
  columns: number,
  connectivity: Connectivity,
): ComponentRuns {
  const { runs, row, start, end } = mask;
  const parent = joinRuns(mask, connectivity);
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

/**
 * The largest component of a mask as 0/1, shape [rows, columns]; the first in scan order on ties; empty stays empty.
 */
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
