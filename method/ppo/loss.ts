/**
 * The policy's objective of method.md 6, per pixel, with its gradient written out: the small head between logits and
 * loss is differentiated by hand, so that no tape has to record the network. Everything works from logits through the
 * log-softmax; nothing is clamped, so a saturated pixel still has a gradient (method.md 12).
 */
import * as tf from '@tensorflow/tfjs-core';

export interface PolicyLossInput {
  /** Logits of the policy being updated, [batch, time, rows, columns, classes]. */
  readonly newLogits: tf.Tensor5D;
  /** Labels of the rollout, int32, [batch, time, rows, columns]. */
  readonly actions: tf.Tensor4D;
  /** log pi_rollout(action), [batch, time, rows, columns]. */
  readonly rolloutLogProb: tf.Tensor4D;
  /** log pi_ref of every class, [batch, time, rows, columns, classes]. */
  readonly referenceLogProb: tf.Tensor5D;
  /** r in [0, 1], [batch, time, rows, columns]. */
  readonly reward: tf.Tensor4D;
  /** V(s), [batch, time, rows, columns]; no gradient flows through it. */
  readonly value: tf.Tensor4D;
  readonly clipRange: number;
  readonly entropyCoefficient: tf.Scalar | number;
  readonly divergenceCoefficient: tf.Scalar | number;
}

/** Means over all pixels: scalars on the device, numbers once they are read. */
export interface PolicyLossMetrics<Scalar = number> {
  /** -surrogate - c lossEntropy, what the update lowers. */
  readonly policyLoss: Scalar;
  /** mean(min(A ratio, A clip(ratio))), what the update raises. */
  readonly surrogate: Scalar;
  /** Entropy of the policy that the loss is taken of, nats per pixel, at most ln(classes). */
  readonly lossEntropy: Scalar;
  readonly meanReward: Scalar;
  readonly meanAdvantage: Scalar;
}

/**
 * log pi(action) of every pixel, [batch, time, rows, columns], from log-probabilities of all classes. The caller
 * disposes it.
 */
export function actionLogProb(logProb: tf.Tensor5D, actions: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.sum(tf.mul(logProb, oneHotActions(actions, logProb.shape[4])), -1) as tf.Tensor4D);
}

/**
 * A = r - lambda (log pi - log pi_ref) - V per pixel, [batch, time, rows, columns]. log pi is the current policy's, as
 * in the published code, so the advantage is taken again at each of the K updates; it is a constant to the gradient.
 */
export function advantageOf(
  reward: tf.Tensor4D,
  newLogProb: tf.Tensor4D,
  referenceActionLogProb: tf.Tensor4D,
  value: tf.Tensor4D,
  divergenceCoefficient: tf.Scalar | number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const divergence = tf.mul(tf.sub(newLogProb, referenceActionLogProb), divergenceCoefficient);
    return tf.sub(tf.sub(reward, divergence), value);
  });
}

/**
 * Loss = -mean(min(A ratio, A clip(ratio))) - c mean(entropy), and its gradient with respect to `newLogits` (same
 * shape). Nothing is read on the host. The caller disposes gradient and metrics.
 */
export function policyLoss(input: PolicyLossInput): {
  readonly gradient: tf.Tensor5D;
  readonly metrics: PolicyLossMetrics<tf.Scalar>;
} {
  const { newLogits, actions, rolloutLogProb, referenceLogProb, reward, value } = input;
  const { clipRange, entropyCoefficient, divergenceCoefficient } = input;
  return tf.tidy(() => {
    const chosen = oneHotActions(actions, newLogits.shape[4]);
    const logProb = tf.logSoftmax(newLogits) as tf.Tensor5D;
    const probability = tf.exp(logProb);
    const newLogProb = tf.sum(tf.mul(logProb, chosen), -1) as tf.Tensor4D;
    const entropy = tf.neg(tf.sum(tf.mul(probability, logProb), -1, true));

    const referenceActionLogProb = tf.sum(tf.mul(referenceLogProb, chosen), -1) as tf.Tensor4D;
    const advantage = advantageOf(reward, newLogProb, referenceActionLogProb, value, divergenceCoefficient);
    const ratio = tf.exp(tf.sub(newLogProb, rolloutLogProb));
    const unclipped = tf.mul(advantage, ratio);
    const clipped = tf.mul(advantage, tf.clipByValue(ratio, 1 - clipRange, 1 + clipRange));

    // d surrogate / d log pi(action) = A ratio where the unclipped branch is the smaller one (inside the clip range
    // both are the same), else 0. d log pi(action) / d logits = chosen - p. d entropy / d logits = -p (log p +
    // entropy).
    const weight = tf.expandDims(
      tf.where(tf.lessEqual(unclipped, clipped), unclipped, tf.zerosLike(unclipped)),
      -1,
    );
    const surrogateGradient = tf.mul(weight, tf.sub(chosen, probability));
    const entropyGradient = tf.neg(tf.mul(probability, tf.add(logProb, entropy)));
    const objectiveGradient = tf.add(surrogateGradient, tf.mul(entropyGradient, entropyCoefficient));
    const gradient = tf.mul(objectiveGradient, -1 / newLogProb.size) as tf.Tensor5D;

    const surrogate: tf.Scalar = tf.mean(tf.minimum(unclipped, clipped));
    const lossEntropy: tf.Scalar = tf.mean(entropy);
    const policyLoss: tf.Scalar = tf.neg(tf.add(surrogate, tf.mul(lossEntropy, entropyCoefficient)));
    const meanReward: tf.Scalar = tf.mean(reward);
    const meanAdvantage: tf.Scalar = tf.mean(advantage);
    return { gradient, metrics: { policyLoss, surrogate, lossEntropy, meanReward, meanAdvantage } };
  });
}

/** Where a policy stands by itself and beside the reference, means over all pixels. */
export interface PolicyStanding<Scalar = number> {
  /** Nats per pixel, at most ln(classes). */
  readonly entropy: Scalar;
  /**
   * Exact KL(pi_ref, pi) over the classes, nats per pixel. In this direction a policy that is merely unsure, as the
   * entropy term makes it, is at most ln(classes) away; only confident disagreement with the reference goes further.
   */
  readonly referenceKl: Scalar;
}

/** From log-probabilities of all classes, [batch, time, rows, columns, classes]. The caller disposes the scalars. */
export function policyStanding(
  logProb: tf.Tensor5D,
  referenceLogProb: tf.Tensor5D,
): PolicyStanding<tf.Scalar> {
  return tf.tidy(
    (): Record<keyof PolicyStanding, tf.Scalar> => ({
      entropy: tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(logProb), logProb), -1))),
      referenceKl: tf.mean(tf.sum(tf.mul(tf.exp(referenceLogProb), tf.sub(referenceLogProb, logProb)), -1)),
    }),
  );
}

/**
 * How far a policy is from the rollout's and from the reference, means over all pixels; names as in cleanrl where it
 * has one.
 */
export interface PolicyShift<Scalar = number> extends PolicyStanding<Scalar> {
  /** The same of the rollout's policy. */
  readonly rolloutEntropy: Scalar;
  readonly rolloutReferenceKl: Scalar;
  /** Entropy of pi_ref on the same pixels, to judge `entropy` by. */
  readonly referenceEntropy: Scalar;
  /** Divergence from the rollout's policy by Schulman's estimator: mean((ratio - 1) - log ratio). */
  readonly approxKl: Scalar;
  /** Share of pixels whose ratio is outside 1 +- clipRange. */
  readonly clipFraction: Scalar;
  readonly meanRatio: Scalar;
  /** Share of pixels that the policy gives to another class than background. */
  readonly foregroundShare: Scalar;
  /** The same of the rollout's policy. */
  readonly rolloutForegroundShare: Scalar;
}

/**
 * Compares the policy that gave `newLogits` with the rollout and the reference; arguments as in `policyLoss`. The
 * caller disposes the scalars.
 */
export function policyShift(
  input: Pick<
    PolicyLossInput,
    'newLogits' | 'actions' | 'rolloutLogProb' | 'referenceLogProb' | 'clipRange'
  > & { readonly rolloutStanding: PolicyStanding<tf.Scalar> },
): PolicyShift<tf.Scalar> {
  const { newLogits, actions, rolloutLogProb, referenceLogProb, rolloutStanding, clipRange } = input;
  return tf.tidy((): Record<keyof PolicyShift, tf.Scalar> => {
    const logProb = tf.logSoftmax(newLogits) as tf.Tensor5D;
    const referenceProbability = tf.exp(referenceLogProb);
    const logRatio = tf.sub(actionLogProb(logProb, actions), rolloutLogProb);
    const ratio = tf.exp(logRatio);
    return {
      ...policyStanding(logProb, referenceLogProb),
      rolloutEntropy: tf.clone(rolloutStanding.entropy),
      rolloutReferenceKl: tf.clone(rolloutStanding.referenceKl),
      referenceEntropy: tf.neg(tf.mean(tf.sum(tf.mul(referenceProbability, referenceLogProb), -1))),
      approxKl: tf.mean(tf.sub(tf.sub(ratio, 1), logRatio)),
      clipFraction: tf.mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), clipRange), 'float32')),
      meanRatio: tf.mean(ratio),
      foregroundShare: foregroundShareOf(tf.argMax(newLogits, -1) as tf.Tensor4D),
      rolloutForegroundShare: foregroundShareOf(actions),
    };
  });
}

function foregroundShareOf(labels: tf.Tensor4D): tf.Scalar {
  return tf.mean(tf.cast(tf.greater(labels, 0), 'float32'));
}

function oneHotActions(actions: tf.Tensor4D, classes: number): tf.Tensor5D {
  return tf.oneHot(actions, classes, 1, 0, 'float32') as tf.Tensor5D;
}
