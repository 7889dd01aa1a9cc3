/** The loss of nnU-Net: Dice + cross entropy at every resolution of the decoder but the lowest, each half as much. */
import * as tf from '@tensorflow/tfjs-core';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import type { OutputLoss } from '../../method/networks/training-step.ts';
import type { NnUNetPlan } from './plan.ts';

/** 1, 1/2, 1/4 ..., 0 for the lowest, added up to 1. Finest first; one output alone has all. */
export function outputWeights(outputs: number): number[] {
  const weights = Array.from({ length: outputs }, (_, i) => (i === outputs - 1 && outputs > 1 ? 0 : 2 ** -i));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Labels [time, rows, columns] of a patch as every output sees them, finest first: of each block of voxels the one in
 * its middle.
 */
export function labelPyramid(labels: Int32Array, { patch, strides }: NnUNetPlan): Int32Array[] {
  const factor = [1, 1, 1];
  return strides.slice(0, -1).map((stride) => {
    for (const axis of [0, 1, 2]) factor[axis]! *= stride[axis]!;
    const [frames, rows, columns] = patch.map((length, axis) => length / factor[axis]!) as [
      number,
      number,
      number,
    ];
    const at = (axis: number, index: number) => Math.floor((index + 0.5) * factor[axis]!);
    const scaled = new Int32Array(frames * rows * columns);
    let i = 0;
    for (let t = 0; t < frames; t++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++, i++) {
          scaled[i] = labels[(at(0, t) * patch[1]! + at(1, r)) * patch[2]! + at(2, c)]!;
        }
      }
    }
    return scaled;
  });
}

/** A part of a recorded step. Dice over the whole batch in 2d, of every patch by itself in 3d, as nnU-Net has it. */
export function deeplySupervisedLoss(
  outputs: readonly tf.Tensor5D[],
  labels: readonly tf.Tensor4D[],
  { configuration }: NnUNetPlan,
): OutputLoss {
  const weights = outputWeights(outputs.length);
  const losses: tf.Scalar[] = [];
  const gradients = outputs.map((logits, index) => {
    const weight = weights[index]!;
    if (weight === 0) return null;
    const { loss, gradient } =
      configuration === '2d' ? supervisedLoss(logits, labels[index]!) : lossOfPatches(logits, labels[index]!);
    losses.push(tf.mul(loss, weight));
    const weighted: tf.Tensor5D = tf.mul(gradient, weight);
    tf.dispose([loss, gradient]);
    return weighted;
  });
  const loss = tf.addN(losses) as tf.Scalar;
  tf.dispose(losses);
  return { loss, gradients };
}

/** The mean over the patches of a batch of the loss of each. */
function lossOfPatches(logits: tf.Tensor5D, labels: tf.Tensor4D): { loss: tf.Scalar; gradient: tf.Tensor5D } {
  const batch = logits.shape[0];
  if (batch === 1) return supervisedLoss(logits, labels);
  const [loss, gradient] = tf.tidy(() => {
    const parts = Array.from({ length: batch }, (_, index) =>
      supervisedLoss(tf.slice(logits, index, 1), tf.slice(labels, index, 1)),
    );
    return [
      tf.div(tf.addN(parts.map((part) => part.loss)), batch),
      tf.div(tf.concat(parts.map((part) => part.gradient)), batch),
    ];
  });
  return { loss: loss as tf.Scalar, gradient: gradient as tf.Tensor5D };
}
