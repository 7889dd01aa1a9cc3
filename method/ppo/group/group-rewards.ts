/** What the segmentations of a group are paid (method.md 6.2). */
import * as tf from '@tensorflow/tfjs-core';

/**
 * What each proposal is paid: of its reward all but a share, which it has where it agrees with the sweep. A function of
 * tensors alone; the caller disposes the results.
 * @param earned the reward of each proposal, in [0, 1], [batch, time, rows, columns]
 */
export function groupRewards(
  proposals: readonly tf.Tensor4D[],
  earned: readonly tf.Tensor4D[],
  swept: tf.Tensor4D,
  consensusShare: tf.Scalar | number,
): tf.Tensor4D[] {
  return proposals.map((labels, index) =>
    tf.tidy(() => {
      const agrees = tf.cast(tf.equal(labels, swept), 'float32');
      const kept = tf.mul(earned[index]!, tf.sub(1, consensusShare));
      return tf.add(kept, tf.mul(agrees, consensusShare)) as tf.Tensor4D;
    }),
  );
}
