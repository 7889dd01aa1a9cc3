/**
 * The group-relative objective of method.md 6.2, per pixel, with its gradient written out. Several segmentations of one
 * window are proposed; each earns what the others earn on average and its advantage is the rest, so a pixel that all of
 * them label alike has no advantage at all, whatever the reward says of it: borders of which no proposal knows better
 * stay where they are. (As in group-relative policy optimisation, arXiv 2402.03300, whose group are samples.)
 */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../../ground/errors.ts';

/**
 * The advantage of every label, [batch, time, rows, columns, classes]: the sum of r - mean over the group of the
 * proposals that give the pixel this label, over the number of proposals. Proposals of one label are one action there.
 * Over the labels of a pixel it sums to zero; where all proposals agree it is zero. The caller disposes the result.
 * @param proposals labels, int32 [batch, time, rows, columns]
 * @param rewards of each proposal, in [0, 1], same shape
 * @throws DomainError ConfigInvalid for fewer than two proposals.
 */
export function groupAdvantages(
  proposals: readonly tf.Tensor4D[],
  rewards: readonly tf.Tensor4D[],
  classes: number,
): tf.Tensor5D {
  if (proposals.length < 2 || proposals.length !== rewards.length) {
    throw new DomainError(
      'ConfigInvalid',
      `a group needs two or more proposals with a reward each; found ${proposals.length} and ${rewards.length}`,
    );
  }
  return tf.tidy(() => {
    const mean = tf.div(tf.addN([...rewards]), rewards.length);
    const ofLabels = proposals.map((labels, index) => {
      const advantage = tf.expandDims(tf.sub(rewards[index]!, mean), -1);
      return tf.mul(tf.oneHot(labels, classes, 1, 0, 'float32'), advantage);
    });
    const advantages = tf.div(tf.addN(ofLabels), proposals.length);
    // Rounding leaves a rest where rewards differ and labels do not; it is no reason to learn.
    const first = proposals[0]!;
    const contested = proposals.slice(1).map((labels) => tf.notEqual(labels, first));
    const any = contested.reduce((one, other) => tf.logicalOr(one, other));
    return tf.mul(advantages, tf.expandDims(tf.cast(any, 'float32'), -1)) as tf.Tensor5D;
  });
}

export interface GroupLossInput {
  /** Logits of the policy being updated, [batch, time, rows, columns, classes]; all others have this shape, too. */
  readonly newLogits: tf.Tensor5D;
  /** log pi_rollout of every class. */
  readonly rolloutLogProb: tf.Tensor5D;
  /** log pi_ref of every class. */
  readonly referenceLogProb: tf.Tensor5D;
  /** As of `groupAdvantages`. */
  readonly advantages: tf.Tensor5D;
  readonly clipRange: number;
  readonly entropyCoefficient: tf.Scalar | number;
  readonly divergenceCoefficient: tf.Scalar | number;
}

/** Means over all pixels: scalars on the device, numbers once they are read. */
export interface GroupLossMetrics<Scalar = number> {
  /** -surrogate + lambda divergence - c lossEntropy, what the update lowers. */
  readonly policyLoss: Scalar;
  /** mean over pixels of the sum over labels of min(A ratio, A clip(ratio)). */
  readonly surrogate: Scalar;
  /** KL(pi, pi_ref), exact over the classes, nats per pixel. */
  readonly divergence: Scalar;
  /** Entropy of the policy that the loss is taken of, nats per pixel. */
  readonly lossEntropy: Scalar;
  /** Share of pixels with an advantage. */
  readonly contestedShare: Scalar;
}

/**
 * Loss = -mean(sum over labels of min(A ratio, A clip(ratio))) + lambda mean(KL(pi, pi_ref)) - c mean(entropy), and its
 * gradient with respect to `newLogits` (same shape). Nothing is read on the host. The caller disposes gradient and
 * metrics.
 */
export function groupLoss(input: GroupLossInput): {
  readonly gradient: tf.Tensor5D;
  readonly metrics: GroupLossMetrics<tf.Scalar>;
} {
  const { newLogits, rolloutLogProb, referenceLogProb, advantages, clipRange } = input;
  const { entropyCoefficient, divergenceCoefficient } = input;
  const pixels = newLogits.size / newLogits.shape[4];
  return tf.tidy(() => {
    const logProb = tf.logSoftmax(newLogits) as tf.Tensor5D;
    const probability = tf.exp(logProb);
    const ratio = tf.exp(tf.sub(logProb, rolloutLogProb));
    const unclipped = tf.mul(advantages, ratio);
    const clipped = tf.mul(advantages, tf.clipByValue(ratio, 1 - clipRange, 1 + clipRange));
    const entropy = tf.neg(tf.sum(tf.mul(probability, logProb), -1, true));
    const logRatio = tf.sub(logProb, referenceLogProb);
    const divergence = tf.sum(tf.mul(probability, logRatio), -1, true);

    // d surrogate / d log pi(label) = A ratio where the unclipped branch is the smaller one, else 0; d log pi(label) /
    // d logits = chosen - p. d KL / d logits = p (log p - log p_ref - KL); d entropy / d logits = -p (log p + entropy).
    const weight = tf.where(tf.lessEqual(unclipped, clipped), unclipped, tf.zerosLike(unclipped));
    const surrogateGradient = tf.sub(weight, tf.mul(probability, tf.sum(weight, -1, true)));
    const divergenceGradient = tf.mul(probability, tf.sub(logRatio, divergence));
    const entropyGradient = tf.neg(tf.mul(probability, tf.add(logProb, entropy)));
    const objectiveGradient = tf.add(
      tf.sub(surrogateGradient, tf.mul(divergenceGradient, divergenceCoefficient)),
      tf.mul(entropyGradient, entropyCoefficient),
    );
    const gradient = tf.mul(objectiveGradient, -1 / pixels) as tf.Tensor5D;

    const surrogate: tf.Scalar = tf.div(tf.sum(tf.minimum(unclipped, clipped)), pixels);
    const meanDivergence: tf.Scalar = tf.mean(divergence);
    const lossEntropy: tf.Scalar = tf.mean(entropy);
    const policyLoss: tf.Scalar = tf.sub(
      tf.sub(tf.mul(meanDivergence, divergenceCoefficient), surrogate),
      tf.mul(lossEntropy, entropyCoefficient),
    );
    const anyAdvantage = tf.max(tf.abs(advantages), -1);
    const contestedShare: tf.Scalar = tf.mean(tf.cast(tf.greater(anyAdvantage, 0), 'float32'));
    const metrics = { policyLoss, surrogate, divergence: meanDivergence, lossEntropy, contestedShare };
    return { gradient, metrics };
  });
}
