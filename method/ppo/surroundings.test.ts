import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { type GreyVideo, geometryOf } from '../../imaging/image.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { windowsOf } from '../pretraining/training-windows.ts';
import { surroundingsIn } from './surroundings.ts';

const inference = InferenceSchema.parse({});

/** A bright square that grows by a pixel a frame. */
function growing(frames: number): GreyVideo {
  const side = 16;
  const intensities = Float32Array.from({ length: frames * side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side) % side, i % side];
    const size = 4 + Math.floor(i / (side * side));
    return row < size && column < size ? 1 : 0;
  });
  return { frames, rows: side, columns: side, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

let passes = 0;
/** Label 1 where it is bright. */
const thresholding = {
  config: { ...tinyUNet, outputChannels: 2 },
  forward: (x: tf.Tensor5D) => {
    passes++;
    return tf.tidy(() => tf.concat([tf.sub(0.5, x), tf.sub(x, 0.5)], 4) as tf.Tensor5D);
  },
} as unknown as Parameters<typeof surroundingsIn>[1];

it('are the measures of the whole video, which is segmented once', () => {
  const video = growing(9);
  const of = surroundingsIn(windowsOf([growing(6), video]), thresholding, inference);
  const before = tf.memory().numTensors;
  const found = of({ video: 1, startFrame: 3 })!;
  const labels = Uint8Array.from(video.intensities);
  expect(found).toEqual({ startFrame: 3, measures: landmarkFreeMeasures({ ...geometryOf(video), labels }) });
  const after = passes;
  expect(of({ video: 1, startFrame: 5 })!.measures).toBe(found.measures);
  expect(passes).toBe(after);
  expect(tf.memory().numTensors).toBe(before);
});

it('are nothing for a video that is no longer than its windows', () => {
  const of = surroundingsIn(windowsOf([growing(4), growing(3)]), thresholding, inference);
  expect([0, 1].map((video) => of({ video, startFrame: 0 }))).toEqual([undefined, undefined]);
});
