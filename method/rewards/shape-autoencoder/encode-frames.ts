/** Runs the encoder over a video. */
import * as tf from '@tensorflow/tfjs-core';
import type { LabelVideo } from '../../../imaging/image.ts';
import { maskShape, type ShapeAutoencoder } from './autoencoder.ts';
import { registerFrame, type ShapeBox } from './registration.ts';

/** Latent codes of all frames of a video, [frames, latentDimensions] row-major; encoded a batch at a time. */
export function encodeFrames(autoencoder: ShapeAutoencoder, video: LabelVideo, box: ShapeBox): Float32Array {
  const { batchFrames, latentDimensions, maskSize } = autoencoder.config;
  const codes = new Float32Array(video.frames * latentDimensions);
  for (let start = 0; start < video.frames; start += batchFrames) {
    const count = Math.min(batchFrames, video.frames - start);
    const shape = maskShape(autoencoder.config, count);
    const pixels = new Float32Array(tf.util.sizeFromShape(shape));
    const size = pixels.length / count;
    for (let i = 0; i < count; i++) {
      registerFrame(video, start + i, box, maskSize, pixels.subarray(i * size, (i + 1) * size));
    }
    const means = tf.tidy(() => autoencoder.encode(tf.tensor5d(pixels, shape)));
    codes.set(means.dataSync<'float32'>(), start * latentDimensions);
    means.dispose();
  }
  return codes;
}
