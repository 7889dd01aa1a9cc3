/**
 * The linear shape model (method.md 4.4): what hearts of annotated videos look like, as a mean shape and the directions
 * in which shapes differ most (principal components), with where the base corners lie in each shape.
 */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { LinearShapesConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import type { RandomStream } from '../../ground/random.ts';
import { type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { leftVentricleBase, type Point } from '../../metrics/landmarks.ts';
import { type Placement, placementOf } from './placement.ts';
import { inSquare, shapeOf } from './shape-square.ts';

export interface LinearShapes {
  /** Points along a side of the square. */
  readonly side: number;
  /** [2, side, side], as `shapeOf` gives it. */
  readonly mean: Float32Array;
  /** Of length one and at right angles, [2 * side * side, components]. */
  readonly directions: Float32Array;
  /** Of the training shapes along each direction, falling, [components]. */
  readonly variances: Float32Array;
  /**
   * Positions of the base corners in the square, [components + 1, 4]: what each coefficient adds to the left corner's
   * [along, across] and the right one's, and the constant last.
   */
  readonly corners: Float32Array;
}

/** Shift, size and angle of training shapes are changed at random, as predictions place theirs less exactly. */
const SHIFT = 0.05;
const SIZE = 0.05;
const ANGLE = 0.08;
/** Keeps the regression of the corners away from coefficients that hardly vary. */
const RIDGE = 1e-3;
const LEAST_FRAMES = 8;

/**
 * The model of annotated videos, all of whose frames are drawn; frames without a base say nothing.
 * @throws DomainError DatasetInvalid where fewer than eight frames have a whole shape.
 */
export function fitLinearShapes(
  videos: Iterable<LabelVideo>,
  config: LinearShapesConfig,
  random: RandomStream,
): LinearShapes {
  const shapes: Float32Array[] = [];
  const corners: number[][] = [];
  for (const video of videos) {
    for (const { shape, corners: found } of trainingShapes(video, config, random)) {
      shapes.push(shape);
      corners.push(found);
    }
  }
  if (shapes.length < LEAST_FRAMES) {
    throw new DomainError(
      'DatasetInvalid',
      `The linear shape model needs ${LEAST_FRAMES} annotated frames with ventricle, myocardium and base; the source has ${shapes.length}. Annotate more of it, or leave completion out (inference.completion.enabled: false).`,
    );
  }
  const mean = meanOf(shapes);
  for (const shape of shapes) for (let i = 0; i < shape.length; i++) shape[i]! -= mean[i]!;
  const components = principalComponents(shapes, Math.min(config.components, shapes.length - 1));
  const model = { side: config.side, mean, ...components };
  return { ...model, corners: regressedCorners(shapes, corners, components) };
}

interface TrainingShape {
  readonly shape: Float32Array;
  /** Left [along, across], then right. */
  readonly corners: number[];
}

function* trainingShapes(
  video: LabelVideo,
  { framesPerVideo, side }: LinearShapesConfig,
  random: RandomStream,
): IterableIterator<TrainingShape> {
  const placement = placementOf(video);
  if (!placement) return;
  const count = Math.min(framesPerVideo, video.frames);
  for (let i = 0; i < count; i++) {
    const frame = labelFrame(video, Math.round((i * (video.frames - 1)) / Math.max(1, count - 1)));
    const base = leftVentricleBase(frame);
    if (!base) continue;
    const changed = changedPlacement(placement, random);
    const at = ([row, column]: Point) => {
      const { along, across } = inSquare(row, column, video, changed);
      return [along, across];
    };
    yield {
      shape: shapeOf(frame.labels, video, changed, side),
      corners: [...at(base.left), ...at(base.right)],
    };
  }
}

function changedPlacement({ centreMm, unitMm, angle }: Placement, random: RandomStream): Placement {
  const [down, across] = [random.normal(), random.normal()];
  return {
    centreMm: [centreMm[0] + SHIFT * unitMm * down, centreMm[1] + SHIFT * unitMm * across],
    unitMm: unitMm * Math.exp(SIZE * random.normal()),
    angle: angle + ANGLE * random.normal(),
  };
}

function meanOf(shapes: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(shapes[0]!.length);
  for (const shape of shapes) for (let i = 0; i < sum.length; i++) sum[i]! += shape[i]!;
  return Float32Array.from(sum, (value) => value / shapes.length);
}

/** Of shapes about their mean, by the smaller of the two matrices that have them: that of products of shapes. */
function principalComponents(
  shapes: readonly Float32Array[],
  count: number,
): Pick<LinearShapes, 'directions' | 'variances'> {
  const products = Matrix.zeros(shapes.length, shapes.length);
  for (let a = 0; a < shapes.length; a++) {
    for (let b = 0; b <= a; b++) {
      const product = dot(shapes[a]!, shapes[b]!) / shapes.length;
      products.set(a, b, product);
      products.set(b, a, product);
    }
  }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(products, {
    assumeSymmetric: true,
  });
  // They come in rising order.
  const order = Array.from({ length: count }, (_, k) => shapes.length - 1 - k);
  const directions = new Float32Array(shapes[0]!.length * count);
  order.forEach((column, k) => {
    const scale = 1 / Math.sqrt(Math.max(realEigenvalues[column]!, Number.MIN_VALUE) * shapes.length);
    const direction = new Float64Array(shapes[0]!.length);
    shapes.forEach((shape, row) => {
      const weight = scale * eigenvectorMatrix.get(row, column);
      for (let i = 0; i < direction.length; i++) direction[i]! += weight * shape[i]!;
    });
    for (let i = 0; i < direction.length; i++) directions[i * count + k] = direction[i]!;
  });
  return { directions, variances: Float32Array.from(order, (column) => realEigenvalues[column]!) };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Least squares of the corners over the coefficients of the training shapes. */
function regressedCorners(
  shapes: readonly Float32Array[],
  corners: readonly number[][],
  { directions, variances }: Pick<LinearShapes, 'directions' | 'variances'>,
): Float32Array {
  const count = variances.length;
  const inputs = new Matrix(
    shapes.map((shape) => {
      const coefficients = new Array<number>(count).fill(0);
      for (let i = 0; i < shape.length; i++)
        for (let k = 0; k < count; k++) coefficients[k]! += shape[i]! * directions[i * count + k]!;
      return [...coefficients, 1];
    }),
  );
  const transposed = inputs.transpose();
  const normal = transposed.mmul(inputs).add(Matrix.eye(count + 1).mul(RIDGE));
  const solved = new CholeskyDecomposition(normal).solve(transposed.mmul(new Matrix([...corners])));
  return Float32Array.from(solved.to1DArray());
}
