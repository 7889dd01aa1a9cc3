/** Corrects the shapes of a segmentation over time with the shape autoencoder (method.md 4.2). */
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { FIXED_SMOOTHNESS_WEIGHT, smoothSignal, smoothWithinThreshold } from './latent-smoothing.ts';
import type { TrainedAutoencoder } from './shape-autoencoder/autoencoder-checkpoint.ts';
import { decodeFrames, encodeFrames } from './shape-autoencoder/encode-frames.ts';
import type { LatentBounds } from './shape-autoencoder/latent-bounds.ts';
import { shapeBoxOf, unregisterFrame } from './shape-autoencoder/registration.ts';
import { attributeDimensions } from './shape-autoencoder/shape-attributes.ts';

/**
 * The nearest plausible sequence of shapes: every frame is encoded inside the video's square, each latent dimension is
 * smoothed over time, and the decoded shapes are put back on the grid of the video.
 *
 * `cleaned` is a segmentation after `cleanVideo`. A frame without structure gets the shape that its neighbours suggest;
 * a video without any structure comes back as it is.
 */
export function correctSequence(
  { autoencoder, bounds }: TrainedAutoencoder,
  cleaned: LabelVideo,
): LabelVideo {
  const box = shapeBoxOf(cleaned);
  if (!box) return cleaned;
  const { frames, rows, columns } = cleaned;
  const { maskSize } = autoencoder.config;
  const codes = smoothCodes(encodeFrames(autoencoder, cleaned, box), frames, bounds);
  const labels = new Uint8Array(cleaned.labels.length);
  const pixels = rows * columns;
  decodeFrames(autoencoder, codes, (frame, logits) => {
    const target = labels.subarray(frame * pixels, (frame + 1) * pixels);
    unregisterFrame(logits, maskSize, box, cleaned, target);
  });
  return { ...geometryOf(cleaned), labels };
}

/**
 * Every latent dimension smoothed over time: those of attributes by the smallest weight that keeps the attribute's
 * threshold, the others by the fixed weight. `codes` is [frames, dimensions] row-major, as is the result.
 */
export function smoothCodes(
  codes: Float32Array,
  frames: number,
  bounds: readonly LatentBounds[],
): Float32Array {
  const dimensions = bounds.length;
  const smoothed = new Float32Array(codes.length);
  for (let d = 0; d < dimensions; d++) {
    const signal = Float64Array.from({ length: frames }, (_, t) => codes[t * dimensions + d]!);
    const attribute = attributeDimensions[d];
    const result = attribute
      ? smoothWithinThreshold(signal, attribute.threshold, bounds[d]!).signal
      : smoothSignal(signal, FIXED_SMOOTHNESS_WEIGHT);
    for (let t = 0; t < frames; t++) smoothed[t * dimensions + d] = result[t]!;
  }
  return smoothed;
}
