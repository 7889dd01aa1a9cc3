import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
  upsample,
  upsampleFilterGradient,
  upsampleInputGradient,
} from '../../method/networks/convolution.ts';
import type { Axes3, NetworkKernels } from '../../method/networks/kernels/kernel-interface.ts';
import { networkKernels } from '../../method/networks/kernels/kernels.ts';
import { PortableKernels } from '../../method/networks/kernels/portable-kernels.ts';
import { flattenList, loadGolden } from './golden-files.ts';

/** [batch, channel, row, column, time] or [out, in, row, column, time] in the order that the tensors have. */
function tensor(list: unknown, order: number[]): tf.Tensor5D {
  const { shape, data } = flattenList(list);
  return tf.tidy(() =>
    tf.transpose(
      tf.tensor(Float32Array.from(data), shape as [number, number, number, number, number]),
      order,
    ),
  );
}
const image = (list: unknown): tf.Tensor5D => tensor(list, [0, 4, 2, 3, 1]);
const filter = (list: unknown): tf.Tensor5D => tensor(list, [4, 2, 3, 1, 0]);
const axes = ([row, column, time]: [number, number, number]): Axes3 => [time, row, column];

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const largest = tf.tidy(() => tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!);
  expect(largest).toBeLessThan(2e-5);
}

/** A case of golden/layers.json: inputs, outputs and gradients of one operation, of whose parameters it has some. */
interface LayerCase {
  readonly op: string;
  readonly stride: [number, number, number];
  readonly x: unknown;
  readonly y: unknown;
  readonly w: unknown;
  readonly b: number[];
  readonly gamma: number[];
  readonly beta: number[];
  readonly grad_x: unknown;
  readonly grad_y: unknown;
  readonly grad_w: unknown;
  readonly grad_gamma: number[];
  readonly grad_beta: number[];
}

describe('layers against the reference', () => {
  loadGolden('layers').cases.forEach((golden: LayerCase, index: number) => {
    it(`computes ${golden.op} of case ${index} and its gradients`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = image(golden.x);
        const y = image(golden.y);
        const dy = image(golden.grad_y);
        const dx = image(golden.grad_x);
        if (golden.op === 'instance_norm_affine_then_leaky_relu') {
          const scale = tf.tensor1d(golden.gamma);
          const offset = tf.tensor1d(golden.beta);
          for (const kernels of [networkKernels(), new PortableKernels()] as NetworkKernels[]) {
            const forward = kernels.normActivate(x, scale, offset);
            expectClose(forward.output, y);
            const gradient = kernels.normActivateGradient(tf.clone(dy), x, scale, forward);
            expectClose(gradient.input, dx);
            expectClose(gradient.scale, tf.tensor1d(golden.grad_gamma));
            expectClose(gradient.offset, tf.tensor1d(golden.grad_beta));
          }
          return;
        }
        const strides = axes(golden.stride);
        const w = filter(golden.w);
        const dw = filter(golden.grad_w);
        if (golden.op === 'conv_transpose3d') {
          expectClose(upsample(x, w, strides), y);
          expectClose(upsampleInputGradient(dy, w, strides), dx);
          expectClose(upsampleFilterGradient(x, dy, strides, w.shape), dw);
          return;
        }
        expect(golden.op).toBe('conv3d');
        expectClose(tf.add(convolve(x, w, strides), tf.tensor1d(golden.b)), y);
        expectClose(convolveInputGradient(dy, w, strides, x.shape), dx);
        expectClose(convolveFilterGradient(x, dy, strides, w.shape), dw);
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
