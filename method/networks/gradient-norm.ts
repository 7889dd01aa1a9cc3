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
 * Scales gradients down to the global norm `limit` when theirs is larger. Consumes `gradients`; the result belongs to the
 * caller. `norm` is the norm before clipping; when it is not finite, the gradients come back as they are for the caller to refuse.
 */
export function clipByGlobalNorm(
  gradients: Gradients,
  limit: number,
): { gradients: Gradients; norm: number } {
  const norm = globalNorm(gradients);
  if (!Number.isFinite(norm) || norm <= limit) return { gradients, norm };
  return { gradients: scaleGradients(gradients, limit / (norm + 1e-6)), norm };
}
