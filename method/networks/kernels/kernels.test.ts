import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../ground/random.ts';
import {
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
  upsample,
  upsampleFilterGradient,
  upsampleInputGradient,
} from '../convolution.ts';
import type { Axes3, NetworkKernels } from './kernel-interface.ts';
import { networkKernels } from './kernels.ts';
import { NativeKernels } from './native-kernels.ts';
import { PortableKernels } from './portable-kernels.ts';

function random<Rank extends tf.Rank>(shape: number[], seed: number): tf.Tensor<Rank> {
  const stream = randomStream(seed, 'test');
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.normal()),
    shape as tf.ShapeMap[Rank],
  );
}

/** Slope of `loss` along a random direction at x, by central differences, and the same from the gradient. */
function slopes(loss: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, gradient: tf.Tensor): [number, number] {
  const direction = random(x.shape, 99);
  const step = 1e-2;
  const at = (sign: number) => loss(tf.add(x, tf.mul(direction, sign * step))).dataSync()[0]!;
  return [(at(1) - at(-1)) / (2 * step), tf.sum(tf.mul(gradient, direction)).dataSync()[0]!];
}

function expectSlope([measured, computed]: [number, number]): void {
  expect(Math.abs(measured - computed)).toBeLessThan(2e-2 * Math.max(1, Math.abs(measured)));
}

const convolutions: [string, number[], [number, number, number], Axes3][] = [
  ['stride 1', [2, 3, 4, 5, 2], [3, 3, 3], [1, 1, 1]],
  ['a kernel without time', [1, 2, 4, 4, 2], [1, 3, 3], [1, 1, 1]],
  ['stride 2 in plane, odd sizes', [1, 3, 5, 7, 2], [3, 3, 3], [1, 2, 2]],
  ['stride 2 on all axes', [1, 4, 6, 8, 2], [3, 3, 3], [2, 2, 2]],
  ['one frame', [1, 1, 5, 4, 2], [3, 3, 3], [1, 1, 1]],
  ['one frame, strided', [1, 1, 6, 4, 2], [3, 3, 3], [1, 2, 2]],
  ['two frames to one', [1, 2, 6, 4, 2], [3, 3, 3], [2, 2, 2]],
];

describe('convolution', () => {
  for (const [name, shape, kernel, strides] of convolutions) {
    it(`with ${name} has the gradients of finite differences and frees its tensors`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = random<tf.Rank.R5>(shape, 1);
        const filter = random<tf.Rank.R5>([...kernel, 2, 3], 2);
        const y = convolve(x, filter, strides);
        expect(y.shape.slice(1, 4)).toEqual(
          shape.slice(1, 4).map((size, axis) => Math.ceil(size / strides[axis]!)),
        );
        const dy = random<tf.Rank.R5>(y.shape, 3);
        const loss = (result: tf.Tensor) => tf.sum(tf.mul(result, dy));
        const dx = convolveInputGradient(dy, filter, strides, x.shape);
        const dFilter = convolveFilterGradient(x, dy, strides, filter.shape);
        expectSlope(slopes((moved) => loss(convolve(moved as tf.Tensor5D, filter, strides)), x, dx));
        expectSlope(slopes((moved) => loss(convolve(x, moved as tf.Tensor5D, strides)), filter, dFilter));
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }

  it('pads both sides alike, which strided "same" does not', () => {
    const sum = tf.tidy(() => {
      const x: tf.Tensor5D = tf.tensor([1, 2, 3, 4], [1, 1, 1, 4, 1]);
      const filter: tf.Tensor5D = tf.ones([1, 1, 3, 1, 1]);
      return convolve(x, filter, [1, 1, 2]).dataSync();
    });
    expect([...sum]).toEqual([3, 9]);
  });

  it('transposed has the gradients of finite differences', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const strides: Axes3 = [1, 2, 2];
      const x = random<tf.Rank.R5>([2, 2, 3, 2, 3], 1);
      const filter = random<tf.Rank.R5>([1, 2, 2, 2, 3], 2);
      const y = upsample(x, filter, strides);
      expect(y.shape).toEqual([2, 2, 6, 4, 2]);
      const dy = random<tf.Rank.R5>(y.shape, 3);
      const loss = (result: tf.Tensor) => tf.sum(tf.mul(result, dy));
      const dx = upsampleInputGradient(dy, filter, strides);
      const dFilter = upsampleFilterGradient(x, dy, strides, filter.shape);
      expectSlope(slopes((moved) => loss(upsample(moved as tf.Tensor5D, filter, strides)), x, dx));
      expectSlope(slopes((moved) => loss(upsample(x, moved as tf.Tensor5D, strides)), filter, dFilter));
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('normalisation with activation', () => {
  it('runs on native kernels where the back end is native', () => {
    expect(networkKernels()).toBeInstanceOf(NativeKernels);
  });

  const shapes: [string, number[]][] = [
    ['a few channels', [2, 2, 5, 4, 3]],
    ['small samples', [2, 2, 6, 5, 8]],
    ['large samples', [2, 4, 64, 48, 8]],
  ];
  for (const [name, shape] of shapes) {
    it(`is the same with native and portable kernels for ${name}`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = tf.add(tf.mul(random<tf.Rank.R5>(shape, 1), 2), 1) as tf.Tensor5D;
        const dy = random<tf.Rank.R5>(shape, 2);
        const scale = random<tf.Rank.R1>([shape[4]!], 3);
        const offset = random<tf.Rank.R1>([shape[4]!], 4);
        const [native, portable] = [networkKernels(), new PortableKernels()].map(
          (kernels: NetworkKernels) => {
            const forward = kernels.normActivate(x, scale, offset);
            const output = tf.clone(forward.output);
            const {
              input,
              scale: onScale,
              offset: onOffset,
            } = kernels.normActivateGradient(tf.clone(dy), x, scale, forward);
            return [output, input, onScale, onOffset];
          },
        ) as [tf.Tensor[], tf.Tensor[]];
        native.forEach((value, index) => {
          const expected = portable[index]!;
          expect(value.shape).toEqual(expected.shape);
          expect(tf.div(tf.norm(tf.sub(value, expected)), tf.norm(expected)).dataSync()[0]!).toBeLessThan(
            1e-4,
          );
        });
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }

  it('has the gradients of finite differences, on both kinds of kernels', () => {
    for (const kernels of [networkKernels(), new PortableKernels()]) {
      tf.tidy(() => {
        const x = random<tf.Rank.R5>([2, 2, 6, 5, 4], 1);
        const scale = random<tf.Rank.R1>([4], 3);
        // Far from the kink, where finite differences mean something, on both sides of it.
        const offset = tf.tensor1d([30, -30, 30, -30]);
        const dy = random<tf.Rank.R5>(x.shape, 2);
        const gradient = kernels.normActivateGradient(
          tf.clone(dy),
          x,
          scale,
          kernels.normActivate(x, scale, offset),
        );
        const loss = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
          tf.sum(
            tf.mul(kernels.normActivate(a as tf.Tensor5D, b as tf.Tensor1D, c as tf.Tensor1D).output, dy),
          );
        expectSlope(slopes((moved) => loss(moved, scale, offset), x, gradient.input));
        expectSlope(slopes((moved) => loss(x, moved, offset), scale, gradient.scale));
        expectSlope(slopes((moved) => loss(x, scale, moved), offset, gradient.offset));
      });
    }
  });

  it('gives the offset where a channel is constant', () => {
    tf.tidy(() => {
      const x: tf.Tensor5D = tf.fill([1, 2, 4, 4, 4], 3);
      const { output } = networkKernels().normActivate(x, tf.ones([4]), tf.tensor1d([1, 2, 3, 4]));
      // What is left of the mean in float32 is divided by the root of the normalisation's epsilon.
      for (const [channel, value] of output.dataSync().slice(0, 4).entries())
        expect(value).toBeCloseTo(channel + 1, 3);
    });
  });
});
