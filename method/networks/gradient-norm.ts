/** Clipping of gradients by their common norm, as torch.nn.utils.clip_grad_norm_ (method.md 6). */
import * as tf from '@tensorflow/tfjs-core';
import { type Gradients, scaleGradients } from './gradients.ts';

/** Euclidean norm over all gradients together. */
export function globalNorm(gradients: Gradients): number {
  if (gradients.size === 0) return 0;
  const squared = tf.tidy(() => {
    // As one vector: two operations instead of two for each parameter.
    const vector = tf.concat1d(
      [...gradients.values()].map((gradient) => tf.reshape(gradient, [gradient.size])),
    );
    return tf.sum(tf.square(vector)).dataSync()[0]!;
  });
  return Math.sqrt(squared);
}

/**
 * Scales gradients down to the global norm `limit` when theirs is larger. Consumes `gradients`; the result belongs to
 * the caller. `norm` is the norm before clipping; when it is not finite, the gradients come back as they are for the
 * caller to refuse.
 */
export function clipByGlobalNorm(
  gradients: Gradients,
  limit: number,
): { gradients: Gradients; norm: number } {
  const norm = globalNorm(gradients);
  if (!Number.isFinite(norm) || norm <= limit) return { gradients, norm };
  return { gradients: scaleGradients(gradients, limit / (norm + 1e-6)), norm };
}

/**
 * The same of gradients that are one vector (ParameterVector), on the device, as a part of a recorded step. Whether
 * they can be used is for the caller to see from the norm. The caller disposes both; `vector` stays the caller's.
 */
export function clipVector(
  vector: tf.Tensor1D,
  limit: number,
): { readonly clipped: tf.Tensor1D; readonly norm: tf.Scalar } {
  const [clipped, norm] = tf.tidy(() => {
    const norm = tf.sqrt(tf.sum(tf.square(vector)));
    return [tf.mul(vector, tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1)), norm];
  });
  return { clipped: clipped as tf.Tensor1D, norm: norm as tf.Scalar };
}
