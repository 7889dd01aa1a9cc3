/**
 * The PPO update of one window (method.md 6), top to bottom. The whole of it is a one-step bandit per pixel: the state
 * is a window of frames, the action its segmentation. Where it departs from PPO as usually written (cleanrl's ppo.py)
 * or from the published code, a numbered comment says so.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../contracts/run-config.ts';
import type { Adam } from '../networks/adam.ts';
import { clipByGlobalNorm } from '../networks/gradient-norm.ts';
import { disposeGradients } from '../networks/gradients.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { type CriticLossMetrics, criticLoss, stateValue } from './critic-loss.ts';
import { ForwardCost } from './forward-cost.ts';
import { findNotFinite, findPolicyViolation, type GuardLimits, type Violation } from './guards.ts';
import { actionLogProb, type PolicyLossMetrics, type PolicyShift, policyLoss, policyShift } from './loss.ts';
import type { LossCoefficients } from './schedules.ts';

export interface WindowUpdateInput {
  readonly policy: UNet3D;
  /** pi_ref, frozen. */
  readonly reference: UNet3D;
  readonly critic: UNet3D;
  readonly policyOptimiser: Adam;
  readonly criticOptimiser: Adam;
  readonly reward: WindowReward;
  /** Grey levels in [0, 1], [batch, time, rows, columns, 1]; stays the caller's. */
  readonly window: tf.Tensor5D;
  /** The video around each window of the batch, for the reward. */
  readonly surroundings?: readonly (WindowSurroundings | undefined)[] | undefined;
  readonly config: Pick<PpoConfig, 'updatesPerWindow' | 'clipRange' | 'gradientNorm'>;
  readonly coefficients: LossCoefficients;
  readonly limits: GuardLimits;
  /**
   * True leaves the policy as it is and takes no gradient of it: a critic that knows nothing yet would call every
   * action better than expected.
   */
  readonly criticOnly?: boolean;
}

/**
 * Losses and gradient norms of the last update (norms before clipping), and where the policy stands after it:
 * `lossEntropy` is that of the policy before the last update, `entropy` that of the policy after it.
 */
export interface UpdateMetrics extends PolicyLossMetrics, CriticLossMetrics, PolicyShift {
  /** 0 where the critic alone was trained. */
  readonly policyGradientNorm: number;
  readonly criticGradientNorm: number;
  /** Network passes of the whole window in units of one forward pass, a backward pass being two. */
  readonly forwardEquivalents: number;
}

/** With a violation the networks are left as the updates made them: the caller takes them back. */
export interface WindowUpdate {
  readonly metrics: UpdateMetrics;
  readonly violation: Violation | undefined;
}

/** K updates of policy and critic on one window. Frees all it makes. */
export function ppoUpdateWindow(input: WindowUpdateInput): WindowUpdate {
  const { policy, reference, critic, policyOptimiser, criticOptimiser, window, config, coefficients } = input;
  const { criticOnly = false } = input;
  const cost = new ForwardCost();
  cost.add(input.reward.passes);

  // 1. The rollout is the forward pass of the first update, kept: the policy has not changed in between, so the first
  //    ratio is exactly 1. (cleanrl stores its rollout; the published code runs the policy again.) A policy that is
  //    left as it is needs no more than this one pass, and nothing kept for a gradient.
  const rolloutPass = criticOnly ? undefined : cost.forwardForTraining(policy, window);
  const rolloutLogits = rolloutPass?.outputs[0] ?? cost.forward(policy, window);
  // 2. Actions are the most likely labels, not samples: independent samples per pixel are no segmentation (method.md
  //    6).
  // 3. Rollout, reference and reward are constants of the K updates and computed once (method.md 12).
  const rollout = tf.tidy(() => {
    const actions = tf.argMax(rolloutLogits, -1) as tf.Tensor4D;
    return {
      actions,
      rolloutLogProb: actionLogProb(tf.logSoftmax(rolloutLogits) as tf.Tensor5D, actions),
      referenceLogProb: tf.logSoftmax(cost.forward(reference, window)) as tf.Tensor5D,
      reward: input.reward.of(window, actions, input.surroundings),
    };
  });

  let losses: PolicyLossMetrics &
    CriticLossMetrics & { policyGradientNorm: number; criticGradientNorm: number };
  let violation: Violation | undefined;
  let update = 0;
  do {
    // 4. One step, no return and no bootstrap: the target of the critic is the reward itself, without divergence
    //    penalty.
    // 5. The critic has a network and an optimiser of its own, so losses are not mixed by a value coefficient, and one
    //    pass is freed before the other starts. Its value loss is not clipped.
    const criticPass = cost.forwardForTraining(critic, window);
    const value = stateValue(criticPass.outputs[0]!);
    const criticResult = criticLoss(criticPass.outputs, rollout.reward);
    const criticStep = clipByGlobalNorm(criticPass.backward(criticResult.gradients), config.gradientNorm);
    criticPass.dispose();
    tf.dispose(criticResult.gradients);

    // 6. No GAE and no normalised advantages: A = r - lambda (log pi - log pi_ref) - V with the current log pi, a
    //    constant to the gradient. The penalty that holds on to the reference sits in the reward, not in the loss.
    const policyPass = update === 0 || criticOnly ? rolloutPass : cost.forwardForTraining(policy, window);
    const policyResult = policyLoss({
      newLogits: policyPass?.outputs[0] ?? rolloutLogits,
      ...rollout,
      value,
      clipRange: config.clipRange,
      ...coefficients,
    });
    const policyStep =
      policyPass && clipByGlobalNorm(policyPass.backward([policyResult.gradient]), config.gradientNorm);
    policyPass?.dispose();
    tf.dispose([policyResult.gradient, value]);

    losses = {
      ...policyResult.metrics,
      ...criticResult.metrics,
      policyGradientNorm: policyStep?.norm ?? 0,
      criticGradientNorm: criticStep.norm,
    };
    // 7. A step with a number that is not finite is not taken.
    violation = findNotFinite({ ...losses });
    if (!violation) {
      if (policyStep) policyOptimiser.apply(policyStep.gradients);
      criticOptimiser.apply(criticStep.gradients);
    }
    if (policyStep) disposeGradients(policyStep.gradients);
    disposeGradients(criticStep.gradients);
    update++;
  } while (!violation && update < config.updatesPerWindow);

  // 8. The policy that the updates led to is looked at once more, so that a window that breaks it is the one taken
  //    back. What the rollout pass of 1 saves pays for this.
  const finalLogits = criticOnly ? rolloutLogits : cost.forward(policy, window);
  const shift = policyShift({ newLogits: finalLogits, ...rollout, clipRange: config.clipRange });
  violation ??= findPolicyViolation(shift, input.limits);
  tf.dispose([finalLogits, ...Object.values(rollout)]);
  return { metrics: { ...losses, ...shift, forwardEquivalents: cost.forwardEquivalents }, violation };
}
