/**
 * The first iso-contour of a binary structure at level 0.9 with sub-pixel coordinates: marching squares with the
 * segment directions, the order and the starting point of skimage.measure.find_contours, whose first contour the
 * published landmarks are defined on.
 */

/** Points in pixels; a closed contour repeats its first point at the end. The structure lies on a fixed side. */
export interface Contour {
  readonly row: Float64Array;
  readonly column: Float64Array;
}

const LEVEL = 0.9;
/** Where the level lies between a pixel outside and a pixel inside, and between inside and outside. */
const ENTERING = LEVEL;
const LEAVING = (LEVEL - 1) / (0 - 1);

/** Sides of a square of four pixels. */
const TOP = 0;
const RIGHT = 1;
const BOTTOM = 2;
const LEFT = 3;

/**
 * Directed segments of each square case (bits: upper left, upper right, lower left, lower right), as from, to pairs.
 */
const segmentsOfCase: readonly (readonly number[])[] = [
  [],
  [TOP, LEFT],
  [RIGHT, TOP],
  [RIGHT, LEFT],
  [LEFT, BOTTOM],
  [TOP, BOTTOM],
  [RIGHT, TOP, LEFT, BOTTOM],
  [RIGHT, BOTTOM],
  [BOTTOM, RIGHT],
  [TOP, LEFT, BOTTOM, RIGHT],
  [BOTTOM, TOP],
  [BOTTOM, LEFT],
  [LEFT, RIGHT],
  [TOP, RIGHT],
  [LEFT, TOP],
  [],
];

class Tracer {
  readonly #labels: Uint8Array;
  readonly #rows: number;
  readonly #columns: number;
  readonly #value: number;

  constructor(labels: Uint8Array, rows: number, columns: number, value: number) {
    this.#labels = labels;
    this.#rows = rows;
    this.#columns = columns;
    this.#value = value;
  }

  #inside(row: number, column: number): number {
    return this.#labels[row * this.#columns + column] === this.#value ? 1 : 0;
  }

  caseOf(row: number, column: number): number {
    return (
      this.#inside(row, column) |
      (this.#inside(row, column + 1) << 1) |
      (this.#inside(row + 1, column) << 2) |
      (this.#inside(row + 1, column + 1) << 3)
    );
  }

  /** First square with a segment in scan order, or undefined. Skips quickly to the first structure pixel. */
  firstSquare(): readonly [number, number] | undefined {
    const first = this.#labels.indexOf(this.#value);
    if (first < 0) return undefined;
    for (let r = Math.max(0, Math.floor(first / this.#columns) - 1); r < this.#rows - 1; r++) {
      for (let c = 0; c < this.#columns - 1; c++) {
        const kind = this.caseOf(r, c);
        if (kind !== 0 && kind !== 15) return [r, c];
      }
    }
    return undefined;
  }

  /** Sub-pixel point on a side of a square. */
  point(row: number, column: number, side: number): [number, number] {
    if (side === TOP || side === BOTTOM) {
      const r = side === TOP ? row : row + 1;
      return [r, column + (this.#inside(r, column) === 1 ? LEAVING : ENTERING)];
    }
    const c = side === LEFT ? column : column + 1;
    return [row + (this.#inside(row, c) === 1 ? LEAVING : ENTERING), c];
  }

  /** The square on the other side of `side`, or undefined beyond the image. */
  neighbour(row: number, column: number, side: number): [number, number] | undefined {
    const r = side === TOP ? row - 1 : side === BOTTOM ? row + 1 : row;
    const c = side === LEFT ? column - 1 : side === RIGHT ? column + 1 : column;
    return r < 0 || c < 0 || r >= this.#rows - 1 || c >= this.#columns - 1 ? undefined : [r, c];
  }
}

const opposite = [BOTTOM, LEFT, TOP, RIGHT];

/** Position in the square's segment list of the one that starts (`end` 0) or ends (`end` 1) on `side`. */
function segmentAt(segments: readonly number[], side: number, end: 0 | 1): number {
  for (let i = 0; i < segments.length; i += 2) if (segments[i + end] === side) return i;
  return -1;
}

/** Points appended to a growing list. */
class Path {
  readonly rows: number[] = [];
  readonly columns: number[] = [];

  add([row, column]: readonly [number, number]): void {
    this.rows.push(row);
    this.columns.push(column);
  }
}

type Square = readonly [row: number, column: number];

/**
 * Forward from the first segment of a square, collecting where segments lead. `closedAt` is the point of the last
 * segment in scan order when the contour comes back to its start, undefined when it leaves the image.
 */
function traceForward(
  tracer: Tracer,
  start: Square,
  columns: number,
): { path: Path; closedAt: number | undefined } {
  const path = new Path();
  let [r, c] = start;
  let at = 0;
  let last = -1;
  let lastIndex = 0;
  do {
    const to = segmentsOfCase[tracer.caseOf(r, c)]![at + 1]!;
    const order = (r * columns + c) * 4 + at;
    if (order > last) {
      last = order;
      lastIndex = path.rows.length;
    }
    path.add(tracer.point(r, c, to));
    const next = tracer.neighbour(r, c, to);
    if (next === undefined) return { path, closedAt: undefined };
    [r, c] = next;
    at = segmentAt(segmentsOfCase[tracer.caseOf(r, c)]!, opposite[to]!, 0);
  } while (r !== start[0] || c !== start[1] || at !== 0);
  return { path, closedAt: lastIndex };
}

/** Backward from the first segment of a square to where the contour enters the image. */
function traceBackward(tracer: Tracer, start: Square): Path {
  const path = new Path();
  let [r, c] = start;
  let from = segmentsOfCase[tracer.caseOf(r, c)]![0]!;
  for (;;) {
    path.add(tracer.point(r, c, from));
    const previous = tracer.neighbour(r, c, from);
    if (previous === undefined) return path;
    [r, c] = previous;
    const segments = segmentsOfCase[tracer.caseOf(r, c)]!;
    from = segments[segmentAt(segments, opposite[from]!, 1)]!;
  }
}

function joinedContour(backward: Path, forward: Path): Contour {
  return {
    row: Float64Array.from([...backward.rows.reverse(), ...forward.rows]),
    column: Float64Array.from([...backward.columns.reverse(), ...forward.columns]),
  };
}

/**
 * First contour, in scan order, around pixels equal to `value` in `labels` of shape [rows, columns]; undefined when the
 * structure is absent, fills the image, or the image is smaller than 2 x 2. It is open when it leaves the image.
 */
export function firstContour(
  labels: Uint8Array,
  rows: number,
  columns: number,
  value: number,
): Contour | undefined {
  if (rows < 2 || columns < 2) return undefined;
  const tracer = new Tracer(labels, rows, columns, value);
  const start = tracer.firstSquare();
  if (start === undefined) return undefined;
  const { path: forward, closedAt } = traceForward(tracer, start, columns);
  if (closedAt === undefined) return joinedContour(traceBackward(tracer, start), forward);
  // The segment that closes the loop is the last one in scan order; the contour starts, and ends, at its end point.
  const count = forward.rows.length;
  const row = new Float64Array(count + 1);
  const column = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) {
    row[i] = forward.rows[(closedAt + i) % count]!;
    column[i] = forward.columns[(closedAt + i) % count]!;
  }
  return { row, column };
}
