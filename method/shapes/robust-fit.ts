/** The likely shape that most borders of a segmentation agree with (method.md 4.4). */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { CompletionConfig } from '../../contracts/run-config.ts';
import type { LinearShapes } from './linear-shapes.ts';

/** Rounds of weighing borders by how far they are from the shape that fits them, at most. */
const ROUNDS = 8;
/** A round that changes no coefficient by more, in standard deviations, is the last. */
const SETTLED = 1e-3;
/** Points whose distances differ less between shapes, in units, say nothing of coefficients. */
const LEAST_DEVIATION = 0.01;

/** What a frame's shape is made of. */
export interface FittedShape {
  readonly coefficients: Float64Array;
  /** What the shape has beside them, where they and the segmentation hardly differ, [2, side, side]. */
  readonly detail: Float32Array;
}

/**
 * The most likely coefficients of a shape [2, side, side]: least squares with a Gaussian prior, in rounds in which
 * points count as (1 + (residual / outlierDistance)^2)^-2 (Geman and McClure).
 * @param points those that say something, `tellingPoints`
 */
export function robustFit(
  model: LinearShapes,
  points: Int32Array,
  shape: Float32Array,
  { outlierDistance, priorWeight }: CompletionConfig,
): FittedShape {
  const { mean, variances } = model;
  const weights = new Float64Array(mean.length).fill(1);
  const weigh = (residual: number) => (1 + (residual / outlierDistance) ** 2) ** -2;
  let coefficients: Float64Array = new Float64Array(variances.length);
  for (let round = 0; round < ROUNDS; round++) {
    const { normal, right } = normalEquations(model, points, shape, weights);
    const next = solved(normal, right, (k) => priorWeight / variances[k]!);
    const settled = next.every(
      (value, k) => Math.abs(value - coefficients[k]!) <= SETTLED * Math.sqrt(variances[k]!),
    );
    coefficients = next;
    if (settled) break;
    for (const i of points) weights[i] = weigh(residualAt(model, shape, coefficients, i));
  }
  const detail = mean.map((_, i) => {
    const residual = residualAt(model, shape, coefficients, i);
    return weigh(residual) * residual;
  });
  return { coefficients, detail };
}

function residualAt(
  { mean, directions }: LinearShapes,
  shape: Float32Array,
  coefficients: Float64Array,
  i: number,
): number {
  const count = coefficients.length;
  let residual = shape[i]! - mean[i]!;
  for (let k = 0; k < count; k++) residual -= directions[i * count + k]! * coefficients[k]!;
  return residual;
}

/** Points in which shapes differ, by a standard deviation of at least `LEAST_DEVIATION`. */
export function tellingPoints({ mean, directions, variances }: LinearShapes): Int32Array {
  const count = variances.length;
  const variance = (i: number) =>
    variances.reduce((sum, value, k) => sum + value * directions[i * count + k]! ** 2, 0);
  return Int32Array.from(mean.keys()).filter((i) => variance(i) >= LEAST_DEVIATION ** 2);
}

/** So many points are added up at once, which takes half as long as one by one. */
const AT_ONCE = 4;

/** Weighted least squares over these points: the lower triangle of the matrix, row by row, and the right side. */
function normalEquations(
  { mean, directions, variances }: LinearShapes,
  points: Int32Array,
  shape: Float32Array,
  weights: Float64Array,
): { normal: Float64Array; right: Float64Array } {
  const count = variances.length;
  const normal = new Float64Array((count * (count + 1)) / 2);
  const right = new Float64Array(count);
  // By coefficient, then by point; 0 for points that are missing from the last few.
  const rows = new Float64Array(count * AT_ONCE);
  const weighted = new Float64Array(count * AT_ONCE);
  for (let start = 0; start < points.length; start += AT_ONCE) {
    for (let j = 0; j < AT_ONCE; j++) {
      const i = points[start + j] ?? points[start]!;
      const weight = start + j < points.length ? weights[i]! : 0;
      const residual = shape[i]! - mean[i]!;
      for (let k = 0; k < count; k++) {
        const value = directions[i * count + k]!;
        rows[k * AT_ONCE + j] = value;
        weighted[k * AT_ONCE + j] = weight * value;
        right[k]! += weight * value * residual;
      }
    }
    addProducts(weighted, rows, normal);
  }
  return { normal, right };
}

function addProducts(weighted: Float64Array, rows: Float64Array, normal: Float64Array): void {
  let at = 0;
  for (let a = 0; a < rows.length; a += AT_ONCE) {
    const [w0, w1, w2, w3] = [weighted[a]!, weighted[a + 1]!, weighted[a + 2]!, weighted[a + 3]!];
    for (let b = 0; b <= a; b += AT_ONCE)
      normal[at++]! += w0 * rows[b]! + w1 * rows[b + 1]! + w2 * rows[b + 2]! + w3 * rows[b + 3]!;
  }
}

/** Solves (normal + diagonal) x = right; `normal` is symmetric, its lower triangle row by row. */
function solved(normal: Float64Array, right: Float64Array, diagonal: (k: number) => number): Float64Array {
  const count = right.length;
  const matrix = Matrix.zeros(count, count);
  let at = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      const value = normal[at++]! + (a === b ? diagonal(a) : 0);
      matrix.set(a, b, value);
      matrix.set(b, a, value);
    }
  }
  const solution = new CholeskyDecomposition(matrix).solve(Matrix.columnVector(right));
  return Float64Array.from(solution.to1DArray());
}
