/**
 * The signed distance of every pixel from the border of a mask, exact and linear in pixels: distances along columns by
 * two sweeps, along rows by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012).
 */

/**
 * Distance of every pixel's middle from the border of the mask in mm, negative inside, shape [rows, columns]. The
 * border lies half-way between a pixel of the mask and its neighbour outside. Infinity everywhere for an empty mask,
 * -Infinity for one that fills the image.
 * @param mask not 0 inside, shape [rows, columns]
 */
export function signedDistanceMm(
  mask: Uint8Array,
  rows: number,
  columns: number,
  spacingMm: readonly [number, number],
): Float32Array {
  const toInside = squaredDistance(mask, { rows, columns, spacingMm, sought: true });
  const toOutside = squaredDistance(mask, { rows, columns, spacingMm, sought: false });
  const halfPixel = (spacingMm[0] + spacingMm[1]) / 4;
  const result = new Float32Array(mask.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = mask[i] === 0 ? Math.sqrt(toInside[i]!) - halfPixel : halfPixel - Math.sqrt(toOutside[i]!);
  }
  return result;
}

interface SoughtPixels {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: readonly [number, number];
  /** Distances are to the nearest pixel inside (true) or outside of the mask. */
  readonly sought: boolean;
}

function squaredDistance(mask: Uint8Array, { rows, columns, spacingMm, sought }: SoughtPixels): Float64Array {
  const squared = new Float64Array(mask.length);
  for (let c = 0; c < columns; c++) {
    sweepColumn(squared, mask, { rows, columns, column: c, step: spacingMm[0], sought });
  }
  const line = new Float64Array(columns);
  const envelope = { vertex: new Int32Array(columns), from: new Float64Array(columns + 1) };
  for (let r = 0; r < rows; r++) {
    const row = squared.subarray(r * columns, (r + 1) * columns);
    line.set(row);
    lowerEnvelope(line, spacingMm[1], envelope, row);
  }
  return squared;
}

interface ColumnOfPixels {
  readonly rows: number;
  readonly columns: number;
  readonly column: number;
  /** Distance from row to row, mm. */
  readonly step: number;
  readonly sought: boolean;
}

/** Squared distance to the nearest sought pixel of the same column. */
function sweepColumn(
  squared: Float64Array,
  mask: Uint8Array,
  { rows, columns, column, step, sought }: ColumnOfPixels,
): void {
  let nearest = Number.POSITIVE_INFINITY;
  for (let r = 0; r < rows; r++) {
    const at = r * columns + column;
    nearest = (mask[at] !== 0) === sought ? 0 : nearest + step;
    squared[at] = nearest * nearest;
  }
  nearest = Number.POSITIVE_INFINITY;
  for (let r = rows - 1; r >= 0; r--) {
    const at = r * columns + column;
    nearest = (mask[at] !== 0) === sought ? 0 : nearest + step;
    squared[at] = Math.min(squared[at]!, nearest * nearest);
  }
}

interface Envelope {
  /** Column of each parabola of the envelope, and where it begins to be the lowest. */
  readonly vertex: Int32Array;
  readonly from: Float64Array;
}

/** min over j of heights[j] + (step * (i - j))^2 for every i, written into `target`. */
function lowerEnvelope(
  heights: Float64Array,
  step: number,
  { vertex, from }: Envelope,
  target: Float64Array,
): void {
  const scale = step * step;
  let count = 0;
  for (let j = 0; j < heights.length; j++) {
    if (heights[j] === Number.POSITIVE_INFINITY) continue;
    let begins = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const last = vertex[count - 1]!;
      begins = ((heights[j]! - heights[last]!) / scale + j * j - last * last) / (2 * (j - last));
      if (begins > from[count - 1]!) break;
      count--;
      begins = Number.NEGATIVE_INFINITY;
    }
    vertex[count] = j;
    from[count] = begins;
    count++;
  }
  if (count === 0) {
    target.fill(Number.POSITIVE_INFINITY);
    return;
  }
  from[count] = Number.POSITIVE_INFINITY;
  for (let i = 0, k = 0; i < target.length; i++) {
    while (from[k + 1]! < i) k++;
    const j = vertex[k]!;
    target[i] = heights[j]! + scale * (i - j) * (i - j);
  }
}
