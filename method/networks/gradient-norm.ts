/** Clipping of gradients by their common norm, as torch.nn.utils.clip_grad_norm_ (method.md 6). */
import * as tf from '@tensorflow/tfjs-core';

/**
 * Gradients as one vector (ParameterVector), scaled down to the norm `limit` when theirs is larger: on the device, as a
 * part of a recorded step. `norm` is that before clipping. Whether
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
