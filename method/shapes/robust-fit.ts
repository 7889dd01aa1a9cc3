/** The likely shape that most borders of a segmentation agree with (method.md 4.4). */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { CompletionConfig } from '../../contracts/run-config.ts';
import type { LinearShapes } from './linear-shapes.ts';

/** Rounds of weighing borders by how far they are from the shape that fits them. */
const ROUNDS = 8;
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
  const { mean, directions, variances } = model;
  const detail = new Float32Array(mean.length);
  const weights = new Float64Array(mean.length).fill(1);
  let coefficients: Float64Array = new Float64Array(variances.length);
  for (let round = 0; round < ROUNDS; round++) {
    const { normal, right } = normalEquations(model, points, shape, weights);
    coefficients = solved(normal, right, (k) => priorWeight / variances[k]!);
    for (let i = 0; i < mean.length; i++) {
      let residual = shape[i]! - mean[i]!;
      for (let k = 0; k < variances.length; k++)
        residual -= directions[i * variances.length + k]! * coefficients[k]!;
      weights[i] = (1 + (residual / outlierDistance) ** 2) ** -2;
      detail[i] = weights[i]! * residual;
    }
  }
  return { coefficients, detail };
}

/** Points in which shapes differ, by a standard deviation of at least `LEAST_DEVIATION`. */
export function tellingPoints({ mean, directions, variances }: LinearShapes): Int32Array {
  const count = variances.length;
  const variance = (i: number) =>
    variances.reduce((sum, value, k) => sum + value * directions[i * count + k]! ** 2, 0);
  return Int32Array.from(mean.keys()).filter((i) => variance(i) >= LEAST_DEVIATION ** 2);
}

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
  const row = new Float64Array(count);
  for (const i of points) {
    for (let k = 0; k < count; k++) row[k] = directions[i * count + k]!;
    const residual = shape[i]! - mean[i]!;
    let at = 0;
    for (let a = 0; a < count; a++) {
      const weighted = weights[i]! * row[a]!;
      right[a]! += weighted * residual;
      for (let b = 0; b <= a; b++) normal[at++]! += weighted * row[b]!;
    }
  }
  return { normal, right };
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
