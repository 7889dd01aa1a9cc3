import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { reflectedIndices } from './reflection.ts';
import { type ChannelVideo, slideWindows, windowStarts } from './sliding-window.ts';

const config = InferenceSchema.parse({});

function video(frames: number, rows = 6, columns = 5, channels = 1): ChannelVideo {
  const values = Float32Array.from({ length: frames * rows * columns * channels }, (_, i) => Math.sin(i));
  return { frames, rows, columns, channels, values };
}

it('reflects positions at both ends for any distance', () => {
  expect(reflectedIndices(-3, 10, 4)).toEqual([3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
  expect(reflectedIndices(-2, 5, 1)).toEqual([0, 0, 0, 0, 0]);
});

it('spreads window starts evenly, rounding half to even', () => {
  expect(windowStarts(19, 4, 0.5)).toEqual([0, 2, 4, 6, 8, 9, 11, 13, 15]);
  expect(windowStarts(13, 8, 0.5)).toEqual([0, 2, 5]);
  expect(windowStarts(4, 4, 0.5)).toEqual([0]);
});

it('advances by one frame where windows of four overlap by three quarters or more', () => {
  for (const overlap of [0.75, 0.99])
    expect(windowStarts(19, 4, overlap)).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

it.each([1, 2, 3, 5, 30])('gives a video of %i frames back where the predictor is the identity', (frames) => {
  const input = video(frames);
  const output = slideWindows(input, (x) => tf.clone(x), config);
  output.values.forEach((value, i) => {
    expect(value).toBeCloseTo(input.values[i]!, 5);
  });
});

it('computes only windows that the video reaches', () => {
  let windows = 0;
  slideWindows(
    video(30),
    (x) => {
      windows += x.shape[0];
      return tf.clone(x);
    },
    config,
  );
  // 30 + 12 frames hold 20 windows; the two at either end lie in the reflection alone.
  expect(windows).toBe(16);
});

it('gives the same for windows one by one as for many at once', () => {
  const input = video(9, 240, 210);
  const small = video(9, 24, 21);
  const perWindowMean = (x: tf.Tensor5D) => tf.add(x, tf.mean(x, [1, 2, 3, 4], true)) as tf.Tensor5D;
  const batches = new Set<number>();
  for (const each of [input, small]) {
    const whole = slideWindows(
      each,
      (x) => {
        batches.add(x.shape[0]);
        return perWindowMean(x);
      },
      config,
    );
    const apart = slideWindows(
      each,
      (x) => tf.concat(tf.split(x, x.shape[0]).map((one) => perWindowMean(one as tf.Tensor5D))),
      config,
    );
    whole.values.forEach((value, i) => {
      if (Math.abs(value - apart.values[i]!) > 1e-5) expect(value).toBeCloseTo(apart.values[i]!, 5);
    });
  }
  expect(Math.max(...batches)).toBeGreaterThan(1);
  expect(Math.min(...batches)).toBe(1);
});

it('gives few different counts of windows to the predictor, whatever the length of the videos', () => {
  const counts = new Set<number>();
  for (let frames = 1; frames <= 40; frames++) {
    slideWindows(
      video(frames, 80, 70),
      (x) => {
        counts.add(x.shape[0]);
        return tf.clone(x);
      },
      config,
    );
  }
  // 7 windows of 4 x 80 x 70 fit into a call.
  expect([...counts].sort()).toEqual([1, 2, 4, 7]);
});

it('refuses a predictor that changes the grid and an overlap without an advance', () => {
  expect(() =>
    slideWindows(video(5), (x) => tf.slice(x, [0, 0, 0, 0, 0], [-1, 2, -1, -1, -1]), config),
  ).toThrow(/must keep/);
  expect(() => slideWindows(video(5), (x) => tf.clone(x), { ...config, overlap: 1 })).toThrow(/overlap/);
});

it('leaves no tensors behind', () => {
  const before = tf.memory().numTensors;
  slideWindows(video(7, 6, 5, 2), (x) => tf.square(x), config);
  expect(tf.memory().numTensors).toBe(before);
});
