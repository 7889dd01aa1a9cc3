/** The segmentations of a window that a group is made of, and what they are paid (method.md 6.2). */
import * as tf from '@tensorflow/tfjs-core';
import { cleanVideo } from '../../../imaging/morphology.ts';
import { windowBatch, windowsIn } from '../../windows/label-windows.ts';

/** The policy's own labels, those cleaned, and the sweep's, in this order. */
export const PROPOSALS = 3;

/**
 * The proposals, int32 [batch, time, rows, columns]. The first and the last are the arguments themselves; the caller
 * disposes all that it owns and the one between.
 */
export function proposalsOf(
  actions: tf.Tensor4D,
  swept: tf.Tensor4D,
): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
  // The size of a pixel does not matter to cleaning.
  return [actions, windowBatch(windowsIn(actions, 1).map(cleanVideo)), swept];
}

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
