/** Runs encoder and decoder over a video, a batch of frames at a time. */
import * as tf from '@tensorflow/tfjs-core';
import type { LabelVideo } from '../../../imaging/image.ts';
import { batchesOf } from '../../networks/batches.ts';
import { maskShape, type ShapeAutoencoder } from './autoencoder.ts';
import { registerFrame, type ShapeBox } from './registration.ts';

/** Latent codes of all frames of a video, [frames, latentDimensions] row-major. */
export function encodeFrames(autoencoder: ShapeAutoencoder, video: LabelVideo, box: ShapeBox): Float32Array {
  const { batchFrames, latentDimensions, maskSize } = autoencoder.config;
  const codes = new Float32Array(video.frames * latentDimensions);
  for (const { start, count } of batchesOf(video.frames, batchFrames)) {
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

/**
 * Decodes the codes of all frames, [frames, latentDimensions] row-major, and gives each frame's logits, [maskSize,
 * maskSize, 3], to `take`, which keeps none of them.
 */
export function decodeFrames(
  autoencoder: ShapeAutoencoder,
  codes: Float32Array,
  take: (frame: number, logits: Float32Array) => void,
): void {
  const { batchFrames, latentDimensions } = autoencoder.config;
  for (const { start, count } of batchesOf(codes.length / latentDimensions, batchFrames)) {
    const batch = codes.slice(start * latentDimensions, (start + count) * latentDimensions);
    const decoded = tf.tidy(() => autoencoder.decode(tf.tensor2d(batch, [count, latentDimensions])));
    const logits = decoded.dataSync<'float32'>();
    decoded.dispose();
    const size = logits.length / count;
    for (let i = 0; i < count; i++) take(start + i, logits.subarray(i * size, (i + 1) * size));
  }
}
