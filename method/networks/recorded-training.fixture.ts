/** Trains a U-Net with recorded and with plain steps, whose results are compared bit by bit. */
import * as tf from '@tensorflow/tfjs-core';
import { type RandomStream, randomStream } from '../../ground/random.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { Adam } from './adam.ts';
import { disposeGradients, type Gradients } from './gradients.ts';
import type { NamedArrays } from './named-arrays.ts';
import { supervisedLoss } from './supervised-loss.ts';
import { tinyUNet } from './tiny-unet.fixture.ts';
import { networkPass, TrainingStep } from './training-step.ts';
import { UNet3D, type UNetConfig } from './unet3d.ts';

/** Networks and windows [batch, time, rows, columns] of the paths through the layers that there are. */
export const trainings: readonly (readonly [
  string,
  UNetConfig,
  readonly [number, number, number, number],
])[] = [
  ['few channels', tinyUNet, [1, 4, 16, 12]],
  ['a batch of two', { ...tinyUNet, baseFilters: 8 }, [2, 4, 16, 16]],
  ['one frame left at the bottom', { ...tinyUNet, baseFilters: 8 }, [1, 2, 12, 16]],
  ['windows large enough for the fused norm', { ...tinyUNet, baseFilters: 8 }, [1, 4, 64, 48]],
  [
    'deep supervision',
    {
      ...tinyUNet,
      strides: [...tinyUNet.strides, [1, 2, 2], [1, 2, 2]],
      kernels: [...tinyUNet.kernels, [3, 3, 3], [3, 3, 3]],
      maxFilters: 8,
      deepSupervision: true,
    },
    [1, 4, 32, 16],
  ],
];

export interface Outcome {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly weights: NamedArrays;
  readonly moments: NamedArrays;
  readonly logits: Float32Array;
}

type Grid = readonly [number, number, number, number];

function batchOf(grid: Grid, random: RandomStream): { x: tf.Tensor5D; labels: tf.Tensor4D } {
  const size = tf.util.sizeFromShape([...grid]);
  return {
    x: tf.tensor5d(
      Float32Array.from({ length: size }, () => random.normal()),
      [...grid, 1],
    ),
    labels: tf.tensor4d(
      Int32Array.from({ length: size }, () => random.integer(3)),
      [...grid],
      'int32',
    ),
  };
}

/**
 * Steps at rates that fall, on another batch each, weights assigned from outside in between; then the logits of a
 * batch.
 */
export function train(record: boolean, config: UNetConfig, grid: Grid, steps = 6): Outcome {
  recordSteps(record);
  const network = UNet3D.initialise(config, randomStream(1, 'weights'));
  const optimiser = new Adam(network.parameters, { learningRate: 0 });
  const step = new TrainingStep({
    name: 'supervised',
    optimiser,
    gradientNorm: 1,
    pass: (x: tf.Tensor5D, labels: tf.Tensor4D, weight: tf.Scalar) =>
      networkPass(network, x, (outputs) => {
        const { loss, gradient } = supervisedLoss(outputs[0]!, labels);
        const others = outputs.slice(1).map((output) => tf.mul(tf.sign(output), weight) as tf.Tensor5D);
        return { loss, gradients: [gradient, ...others] };
      }),
  });
  const random = randomStream(1, 'batches');
  const losses: number[] = [];
  const norms: number[] = [];
  for (let index = 0; index < steps; index++) {
    optimiser.setLearningRate(0.01 / (index + 1));
    if (index === 4) network.assign(network.toArrays());
    const { x, labels } = batchOf(grid, random);
    const { numbers, taken } = step.run(x, labels, 0.001 * index);
    if (!taken) throw new Error('The step was not taken.');
    losses.push(numbers.loss);
    norms.push(numbers.gradientNorm);
    tf.dispose([x, labels]);
  }
  const { x, labels } = batchOf(grid, random);
  let logits = new Float32Array();
  for (let call = 0; call < 3; call++) {
    const output = network.forward(x);
    logits = output.dataSync<'float32'>().slice();
    output.dispose();
  }
  const outcome = { losses, norms, weights: network.toArrays(), moments: optimiser.toArrays(), logits };
  tf.dispose([x, labels]);
  step.dispose();
  optimiser.dispose();
  network.dispose();
  recordSteps(true);
  return outcome;
}

/** Sum of both, name by name. Consumes its arguments; the result belongs to the caller. */
export function addGradients(a: Gradients, b: Gradients): Gradients {
  const sum = new Map(a);
  for (const [name, gradient] of b) {
    const other = a.get(name);
    sum.set(name, other ? tf.add(other, gradient) : gradient);
    if (other) tf.dispose([other, gradient]);
  }
  return sum;
}

/** Each gradient times the factor. Consumes its argument; the result belongs to the caller. */
export function scaleGradients(gradients: Gradients, factor: number): Gradients {
  const scaled = new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
  disposeGradients(gradients);
  return scaled;
}
