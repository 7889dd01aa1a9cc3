/**
 * Exact Euclidean distance transform, linear in pixels: distances along columns by two sweeps, then along rows by the
 * lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012). Distances are in the unit of the spacing.
 */

/** Scratch of one envelope: the columns of its parabolas and where each one starts to be the lowest. */
class Envelope {
  readonly #vertex: Int32Array;
  readonly #from: Float64Array;

  constructor(columns: number) {
    this.#vertex = new Int32Array(columns);
    this.#from = new Float64Array(columns + 1);
  }

  /**
   * For each column x of one row: min over columns q of height[q] + (spacing * (x - q))^2, written at `target`.
   * Heights are squared distances, infinite where the column holds no site.
   */
  lower(
    height: Float64Array,
    columns: number,
    spacing: number,
    target: Float64Array,
    targetOffset: number,
  ): void {
    const vertex = this.#vertex;
    const from = this.#from;
    const unit = spacing * spacing;
    let last = -1;
    for (let q = 0; q < columns; q++) {
      const high = height[q]!;
      if (high === Number.POSITIVE_INFINITY) continue;
      let crossing = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        const v = vertex[last]!;
        crossing = (high - height[v]!) / (2 * unit * (q - v)) + 0.5 * (q + v);
        if (crossing > from[last]!) break;
        last--;
        crossing = Number.NEGATIVE_INFINITY;
      }
      last++;
      vertex[last] = q;
      from[last] = crossing;
    }
    if (last < 0) {
      target.fill(Number.POSITIVE_INFINITY, targetOffset, targetOffset + columns);
      return;
    }
    from[last + 1] = Number.POSITIVE_INFINITY;
    let k = 0;
    for (let x = 0; x < columns; x++) {
      while (from[k + 1]! < x) k++;
      const step = x - vertex[k]!;
      target[targetOffset + x] = height[vertex[k]!]! + unit * step * step;
    }
  }
}

/**
 * Squared distance of every pixel to the nearest site (non-zero pixel of `sites`), shape [rows, columns].
 * `spacing` is [row, column]. Sites have 0; without any site every distance is infinite.
 */
export function squaredDistanceToSites(
  sites: Uint8Array,
  rows: number,
  columns: number,
  spacing: readonly [number, number] = [1, 1],
): Float64Array {
  const result = new Float64Array(rows * columns);
  const far = rows + columns + 1;
  const steps = new Int32Array(rows * columns);
  for (let i = 0; i < steps.length; i++) {
    const above = i < columns ? far : steps[i - columns]! + 1;
    steps[i] = sites[i]! !== 0 ? 0 : above;
  }
  for (let i = steps.length - columns - 1; i >= 0; i--) {
    const below = steps[i + columns]! + 1;
    if (below < steps[i]!) steps[i] = below;
  }
  const height = new Float64Array(columns);
  const envelope = new Envelope(columns);
  for (let r = 0; r < rows; r++) {
    const offset = r * columns;
    for (let c = 0; c < columns; c++) {
      const away = steps[offset + c]! * spacing[0];
      height[c] = steps[offset + c]! >= far ? Number.POSITIVE_INFINITY : away * away;
    }
    envelope.lower(height, columns, spacing[1], result, offset);
  }
  return result;
}

/**
 * Distance of every non-zero pixel of `mask` to the nearest zero pixel, 0 elsewhere (scipy's distance_transform_edt).
 * A mask without any zero pixel gives infinity everywhere.
 */
export function distanceToBackground(
  mask: Uint8Array,
  rows: number,
  columns: number,
  spacing: readonly [number, number] = [1, 1],
): Float64Array {
  const background = new Uint8Array(rows * columns);
  for (let i = 0; i < background.length; i++) background[i] = mask[i]! === 0 ? 1 : 0;
  const squared = squaredDistanceToSites(background, rows, columns, spacing);
  for (let i = 0; i < squared.length; i++) squared[i] = Math.sqrt(squared[i]!);
  return squared;
}
