/**
 * Operations of TensorFlow.js, each on a matrix or on a volume, and what compares a step with its recording bit by bit.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recorded, recordSteps } from './recorded.ts';

interface Given {
  /** [rows, columns]. */
  readonly a: tf.Tensor2D;
  readonly b: tf.Tensor2D;
  /** [1, 8, 30, 30, 4]. */
  readonly volume: tf.Tensor5D;
  /** [3, 3, 4, 3]. */
  readonly filter: tf.Tensor4D;
}
type Operation = (given: Given) => tf.Tensor | tf.Tensor[];

const elementwise = {
  ...{
    abs: tf.abs,
    acos: tf.acos,
    asinh: tf.asinh,
    atan: tf.atan,
    ceil: tf.ceil,
    cos: tf.cos,
    cosh: tf.cosh,
  },
  ...{
    elu: tf.elu,
    erf: tf.erf,
    exp: tf.exp,
    expm1: tf.expm1,
    floor: tf.floor,
    isNaN: tf.isNaN,
    log: tf.log,
  },
  ...{ isFinite: tf.isFinite, log1p: tf.log1p, logSigmoid: tf.logSigmoid, neg: tf.neg, relu: tf.relu },
  ...{ reciprocal: tf.reciprocal, relu6: tf.relu6, round: tf.round, rsqrt: tf.rsqrt, selu: tf.selu },
  ...{ sigmoid: tf.sigmoid, sign: tf.sign, sin: tf.sin, softplus: tf.softplus, sqrt: tf.sqrt, tanh: tf.tanh },
  ...{
    square: tf.square,
    leakyRelu: tf.leakyRelu,
    zerosLike: tf.zerosLike,
    onesLike: tf.onesLike,
    step: tf.step,
  },
} as Record<string, (x: tf.Tensor) => tf.Tensor>;

const pairwise = {
  ...{ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, divNoNan: tf.divNoNan, mod: tf.mod, pow: tf.pow },
  ...{ maximum: tf.maximum, minimum: tf.minimum, squaredDifference: tf.squaredDifference, atan2: tf.atan2 },
  ...{
    equal: tf.equal,
    greater: tf.greater,
    lessEqual: tf.lessEqual,
    floorDiv: tf.floorDiv,
    prelu: tf.prelu,
  },
} as Record<string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor>;

const reductions = {
  ...{ sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min, prod: tf.prod, logSumExp: tf.logSumExp },
} as Record<string, (x: tf.Tensor, axes?: number | number[]) => tf.Tensor>;

const images = ({ volume }: Given) => tf.reshape<tf.Rank.R4>(volume, [8, 30, 30, 4]);
const filter3d = ({ filter }: Given) => tf.reshape<tf.Rank.R5>(filter, [3, 3, 1, 4, 3]);

const others: Readonly<Record<string, Operation>> = {
  matMul: ({ a, b }) => tf.matMul(a, b, false, true),
  'matMul in batches': ({ volume }) =>
    tf.matMul(tf.reshape(volume, [8, 120, 30]), tf.reshape(volume, [8, 30, 120])),
  einsum: ({ a, b }) => tf.einsum('ij,kj->ik', a, b),
  logSoftmax: ({ volume }) => tf.logSoftmax(volume),
  argMax: ({ a }) => [tf.argMax(a, 1), tf.argMin(a, 0)],
  cumsum: ({ a }) => [tf.cumsum(a, 0), tf.cumprod(a, 1)],
  reverse: ({ a }) => tf.reverse(a, 1),
  norm: ({ a }) => [tf.norm(a), tf.euclideanNorm(a, 1)],
  moments: ({ volume }) => Object.values(tf.moments(volume, [1, 2, 3])),
  transpose: ({ volume }) => tf.transpose(volume, [4, 2, 1, 3, 0]),
  slice: ({ volume }) => tf.slice(volume, [0, 1, 2, 3, 1], [1, 2, 3, 4, 1]),
  stridedSlice: ({ volume }) => tf.stridedSlice(volume, [0, 0, 0, 0, 0], volume.shape, [1, 1, 2, 2, 1]),
  pad: ({ a }) =>
    tf.pad(a, [
      [1, 2],
      [0, 3],
    ]),
  concat: ({ a, b }) => [tf.concat([a, b], 1), tf.stack([a, b], 1), tf.addN([a, b, a])],
  split: ({ volume }) => [...tf.split(volume, [1, 3], 4), ...tf.unstack(volume, 1)],
  tile: ({ a }) => [tf.tile(a, [2, 3]), tf.expandDims(a, 1), tf.broadcastTo(tf.slice(a, 0, 1), a.shape)],
  gather: ({ volume }) => tf.gather(volume, tf.tensor1d([2, 0, 1], 'int32'), 1),
  oneHot: ({ a }) => tf.oneHot(tf.argMax(a, 1), 5),
  where: ({ a, b }) => tf.where(tf.greater(a, b), a, b),
  clipByValue: ({ a }) => tf.clipByValue(a, -0.5, 0.4),
  cast: ({ a }) => [tf.cast(tf.mul(a, 10), 'int32'), tf.cast(a, 'bool'), tf.any(tf.cast(a, 'bool'), 0)],
  fill: ({ a }) => [
    tf.add(a, tf.fill([1], 3)),
    tf.mul(tf.range(0, 6), tf.sum(a)),
    tf.mul(tf.eye(3), tf.sum(a)),
  ],
  'conv2d with bias': (given) =>
    tf.add(tf.conv2d(images(given), given.filter, 1, 'same'), tf.tensor1d([1, 2, 3])),
  'fused conv2d': (given) =>
    tf.fused.conv2d({
      ...{ x: images(given), filter: given.filter, strides: 1, pad: 'same' },
      ...{ bias: tf.tensor1d([1, 2, 3]), activation: 'relu' },
    }),
  'gradients of conv2d': (given) =>
    tf.grads((x: tf.Tensor, filter: tf.Tensor) =>
      tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same'))),
    )([images(given), given.filter]),
  conv2dTranspose: (given) =>
    tf.conv2dTranspose(images(given), tf.reshape(given.filter, [3, 3, 3, 4]), [8, 60, 60, 3], 2, 'same'),
  depthwiseConv2d: (given) => tf.depthwiseConv2d(images(given), tf.ones([3, 3, 4, 2]), 1, 'same'),
  'conv3d with bias': (given) =>
    tf.add(tf.conv3d(given.volume, filter3d(given), 2, 'valid'), tf.tensor1d([1, 2, 3])),
  'gradients of conv3d': (given) =>
    tf.grads((x: tf.Tensor, filter: tf.Tensor) =>
      tf.sum(tf.square(tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same'))),
    )([given.volume, filter3d(given)]),
  pools: (given) => [
    tf.maxPool(images(given), 2, 2, 'valid'),
    tf.avgPool(images(given), 3, 1, 'same'),
    tf.maxPool3d(given.volume, 2, 2, 'valid'),
    tf.avgPool3d(given.volume, 2, 2, 'valid'),
  ],
  batchNorm: (given) => tf.batchNorm(images(given), tf.tensor1d([0, 1, 2, 3]), tf.tensor1d([1, 2, 3, 4])),
  resize: (given) => [
    tf.image.resizeBilinear(images(given), [17, 41]),
    tf.image.resizeNearestNeighbor(images(given), [17, 41]),
  ],
  'gradients of a dense layer': ({ a, b }) =>
    tf.grads((x: tf.Tensor, y: tf.Tensor) =>
      tf.sum(tf.tanh(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, false, true))),
    )([a, b]),
  'gradients of activations': ({ a }) =>
    tf.grad((x) => tf.sum(tf.addN([tf.relu(x), tf.elu(x), tf.square(tf.leakyRelu(x)), tf.sigmoid(x)])))(a),
};

const operations: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(Object.entries(elementwise).map(([name, run]) => [name, ({ a }: Given) => run(a)])),
  ...Object.fromEntries(
    Object.entries(pairwise).map(([name, run]) => [
      name,
      ({ a, b }: Given) => [run(a, b), run(a, tf.slice(b, 0, 1)), run(a, tf.scalar(0.37))],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(reductions).map(([name, run]) => [
      name,
      ({ a, volume }: Given) => [run(a, 0), run(a, 1), run(volume, [1, 2, 3]), run(volume)],
    ]),
  ),
  ...others,
};

/** Names of the operations whose recordings give other bits than they do themselves. */
export function differingOperations(rows: number, columns: number): string[] {
  const normal = <Shape extends tf.Rank>(shape: tf.ShapeMap[Shape], seed: number) =>
    tf.randomNormal<Shape>(shape, 0, 1, 'float32', seed);
  const given: Given = {
    a: normal<tf.Rank.R2>([rows, columns], 1),
    b: normal<tf.Rank.R2>([rows, columns], 2),
    volume: normal<tf.Rank.R5>([1, 8, 30, 30, 4], 3),
    filter: normal<tf.Rank.R4>([3, 3, 4, 3], 4),
  };
  const differing = Object.entries(operations).filter(([name, run]) => {
    const step = recorded(name, (a: tf.Tensor2D, b: tf.Tensor2D, volume: tf.Tensor5D, filter: tf.Tensor4D) =>
      [run({ a, b, volume, filter })].flat(),
    );
    const results = [false, true, true, true].map((record) => {
      recordSteps(record);
      const tensors = step(given.a, given.b, given.volume, given.filter);
      const text = tensors.map((tensor) => `${tensor.dtype} ${tensor.shape} ${bitsOf(tensor)}`).join();
      tf.dispose(tensors);
      return text;
    });
    step.dispose();
    return results.some((result) => result !== results[0]);
  });
  tf.dispose(Object.values(given));
  return differing.map(([name]) => name);
}

/** A tensor's bits as text: NaN is not NaN and 0 is -0 where numbers are compared. */
function bitsOf(tensor: tf.Tensor): string {
  const { buffer, byteOffset, byteLength } = tensor.dataSync();
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
