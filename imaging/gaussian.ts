/**
 * Gaussian smoothing as scipy.ndimage does it: kernel cut at four standard deviations and normalised, edges extended
 * by reflection that repeats the edge sample (d c b a | a b c d | d c b a).
 */

/** How a signal goes on beyond its ends: mirrored with the edge sample repeated, periodic, or the edge sample held. */
export type EdgeMode = 'reflect' | 'wrap' | 'nearest';

/** Half of a normalised kernel: element k is the weight at distance k. */
function halfKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = new Float64Array(radius + 1);
  let total = 0;
  for (let k = 0; k <= radius; k++) {
    kernel[k] = Math.exp((-0.5 / (sigma * sigma)) * (k * k));
    total += k === 0 ? kernel[k]! : 2 * kernel[k]!;
  }
  for (let k = 0; k <= radius; k++) kernel[k]! /= total;
  return kernel;
}

/** Index inside 0..length-1 that stands for `index`, however far outside it lies. */
function extendedIndex(index: number, length: number, mode: EdgeMode): number {
  if (index >= 0 && index < length) return index;
  if (mode === 'nearest') return index < 0 ? 0 : length - 1;
  const period = mode === 'wrap' ? length : 2 * length;
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - 1 - inside;
}

/** `line` holds the signal between two margins of `radius` samples; fills the margins. */
function extendEnds(line: Float64Array, length: number, radius: number, mode: EdgeMode): void {
  for (let k = 1; k <= radius; k++) {
    line[radius - k] = line[radius + extendedIndex(-k, length, mode)]!;
    line[radius + length - 1 + k] = line[radius + extendedIndex(length - 1 + k, length, mode)]!;
  }
}

/** Weighted sum around one sample; far pairs first, the order of scipy's symmetric filter. */
function filtered(line: Float64Array, centre: number, kernel: Float64Array): number {
  let sum = line[centre]! * kernel[0]!;
  for (let k = kernel.length - 1; k > 0; k--) sum += (line[centre - k]! + line[centre + k]!) * kernel[k]!;
  return sum;
}

/** Smooths a signal; `sigma` is in samples, 0 gives a copy. An empty signal stays empty. */
export function gaussianFilter1d(
  signal: ArrayLike<number>,
  sigma: number,
  mode: EdgeMode = 'reflect',
): Float64Array {
  const length = signal.length;
  if (sigma <= 0 || length === 0) return Float64Array.from(signal);
  const kernel = halfKernel(sigma);
  const radius = kernel.length - 1;
  const line = new Float64Array(length + 2 * radius);
  line.set(signal, radius);
  extendEnds(line, length, radius, mode);
  const result = new Float64Array(length);
  for (let i = 0; i < length; i++) result[i] = filtered(line, radius + i, kernel);
  return result;
}

/**
 * The smoothing of a signal as a matrix, row-major: smoothed = matrix signal, what lies beyond the ends folded into it.
 * For smoothing where matrices are multiplied fast; `sigma` above 0, in samples.
 */
export function gaussianMatrix(length: number, sigma: number, mode: EdgeMode = 'reflect'): Float64Array {
  const kernel = halfKernel(sigma);
  const matrix = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    for (let k = 1 - kernel.length; k < kernel.length; k++) {
      matrix[i * length + extendedIndex(i + k, length, mode)]! += kernel[Math.abs(k)]!;
    }
  }
  return matrix;
}

/**
 * Smooths an image of shape [rows, columns]; `sigma` in pixels, one for both axes or [rows, columns].
 * Computes in double precision and returns a new image of the type given, rounded between the axes as scipy does.
 */
export function gaussianFilter2d<Image extends Float32Array | Float64Array>(
  image: Image,
  rows: number,
  columns: number,
  sigma: number | readonly [number, number],
  mode: EdgeMode = 'reflect',
): Image {
  const [sigmaRows, sigmaColumns] = typeof sigma === 'number' ? [sigma, sigma] : sigma;
  const result = image.slice() as Image;
  if (rows === 0 || columns === 0) return result;
  if (sigmaRows > 0) filterRowsAxis(result, rows, columns, halfKernel(sigmaRows), mode);
  if (sigmaColumns > 0) {
    const kernel = halfKernel(sigmaColumns);
    const radius = kernel.length - 1;
    const line = new Float64Array(columns + 2 * radius);
    for (let r = 0; r < rows; r++) {
      const offset = r * columns;
      for (let c = 0; c < columns; c++) line[radius + c] = result[offset + c]!;
      extendEnds(line, columns, radius, mode);
      for (let c = 0; c < columns; c++) result[offset + c] = filtered(line, radius + c, kernel);
    }
  }
  return result;
}

/** In place along the rows axis, by whole image rows so that memory is read in order. */
function filterRowsAxis(
  image: Float32Array | Float64Array,
  rows: number,
  columns: number,
  kernel: Float64Array,
  mode: EdgeMode,
): void {
  const source = image.slice();
  const sum = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const centre = r * columns;
    for (let c = 0; c < columns; c++) sum[c] = source[centre + c]! * kernel[0]!;
    for (let k = kernel.length - 1; k > 0; k--) {
      const weight = kernel[k]!;
      const before = extendedIndex(r - k, rows, mode) * columns;
      const after = extendedIndex(r + k, rows, mode) * columns;
      for (let c = 0; c < columns; c++) sum[c]! += (source[before + c]! + source[after + c]!) * weight;
    }
    for (let c = 0; c < columns; c++) image[centre + c] = sum[c]!;
  }
}
