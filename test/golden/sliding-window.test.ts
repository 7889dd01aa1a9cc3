/** Sliding-window inference against MONAI's inferer with the weights of the real window (sliding_window.json). */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { gaussianWeights, slidingWindowLogits, windowStarts } from '../../method/windows/sliding-window.ts';
import { decodeArray, type EncodedArray, loadGolden } from './golden-files.ts';

const golden = loadGolden('sliding_window');

/** [1, channels, rows, columns, time] to [time, rows, columns, channels]. */
function timeFirst(encoded: EncodedArray): tf.Tensor4D {
  const { shape, data } = decodeArray(encoded);
  return tf.transpose<tf.Tensor>(
    tf.tensor(Float32Array.from(data), shape.slice(1)),
    [3, 1, 2, 0],
  ) as tf.Tensor4D;
}

/** The toy network of the golden file: every output tells where in its window it lies. */
function toyNetwork(windows: tf.Tensor5D): tf.Tensor5D {
  const axis = (size: number, factor: number, shape: number[]) =>
    tf.reshape(tf.mul(tf.range(0, size), factor), shape);
  const [, time, rows, columns] = windows.shape;
  const place = tf.add(
    tf.add(axis(time, 0.1, [1, time, 1, 1, 1]), axis(rows, 0.01, [1, 1, rows, 1, 1])),
    axis(columns, -0.02, [1, 1, 1, columns, 1]),
  );
  const constant = tf.add(place, tf.mul(tf.mean(windows, [1, 2, 3, 4], true), 0.5));
  const channels = [0, 1, 2].map((c) => tf.add(tf.mul(windows, c + 1), tf.mul(constant, c)));
  return tf.concat(channels, 4) as tf.Tensor5D;
}

describe('sliding windows agree with the published inferer', () => {
  for (const {
    name,
    x,
    roi,
    overlap,
    pad_time,
    window_starts_on_padded_video,
    gaussian_intended,
  } of golden.cases) {
    it(`in the case ${name}`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const input = timeFirst(x);
        const [frames, rows, columns] = input.shape;
        const video = tf.expandDims(input, 0) as tf.Tensor5D;
        const sizes = [rows, columns, frames + 2 * pad_time];
        expect(sizes.map((size, axis) => windowStarts(size, roi[axis], overlap))).toEqual(
          window_starts_on_padded_video,
        );
        const timeWeights = gaussianWeights(roi[2], golden.sigma_scale);
        const largest = Math.max(...timeWeights);
        gaussian_intended.weight_map_time_axis_normalised.forEach((weight: number, t: number) => {
          expect(timeWeights[t]! / largest).toBeCloseTo(weight, 6);
        });

        const config = {
          windowFrames: roi[2],
          windowRows: roi[0],
          windowColumns: roi[1],
          overlap,
          sigmaScale: golden.sigma_scale,
        };
        const compare = (found: tf.Tensor, encoded: EncodedArray) => {
          const expected = timeFirst(encoded);
          expect(found.shape).toEqual(expected.shape);
          const scale = Math.max(1, tf.max(tf.abs(expected)).dataSync()[0]!);
          expect(tf.max(tf.abs(tf.sub(found, expected))).dataSync()[0]! / scale).toBeLessThan(1e-5);
        };
        const logitsAt = (padFrames: number) =>
          tf.squeeze(slidingWindowLogits(video, toyNetwork, { ...config, padFrames }), [0]) as tf.Tensor4D;
        const bare = logitsAt(0);
        compare(bare, gaussian_intended.no_padding_logits);
        const logits = logitsAt(pad_time);
        compare(logits, gaussian_intended.padded6_logits);
        if (gaussian_intended.padded6_probabilities !== null) {
          compare(tf.softmax(logits), gaussian_intended.padded6_probabilities);
        }
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});
