/**
 * The PPO update of one window (method.md 6), top to bottom. The whole of it is a one-step bandit per pixel: the state
 * is a window of frames, the action its segmentation. Where it departs from PPO as usually written (cleanrl's ppo.py)
 * or from the published code, a numbered comment says so. Rollout, update and last look are each recorded: one call of
 * TensorFlow, from which a handful of numbers comes back to the host.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../contracts/run-config.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import type { AdamCoefficients, AdamValues } from '../networks/adam.ts';
import { readNumbers, type StepNumbers, stackNumbers } from '../networks/step-numbers.ts';
import { clippedStep } from '../networks/training-step.ts';
import type { KeptPass } from '../networks/unet-pass.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { type KeepTensors, withTensors } from '../networks/with-tensors.ts';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { type CriticLossMetrics, criticLoss, stateValue } from './critic-loss.ts';
import { findNotFinite, findPolicyViolation, type GuardLimits, type Violation } from './guards.ts';
import type { CriticLearner, Learners } from './learners.ts';
import {
  actionLogProb,
  type PolicyLossMetrics,
  type PolicyShift,
  type PolicyStanding,
  policyLoss,
  policyShift,
  policyStanding,
} from './loss.ts';
import type { PolicyUpdateMetrics, WindowUpdate } from './policy-update.ts';
import type { LossCoefficients } from './schedules.ts';

export interface PpoUpdateOptions {
  /** Policy and critic with their optimisers; all stay the caller's. */
  readonly learners: Pick<Learners, 'policy' | 'policyOptimiser'> & CriticLearner;
  /** pi_ref, frozen. */
  readonly reference: UNet3D;
  readonly reward: WindowReward;
  readonly config: Pick<PpoConfig, 'updatesPerWindow' | 'clipRange' | 'gradientNorm'>;
  readonly limits: GuardLimits;
}

export interface WindowUpdateInput {
  /** Grey levels in [0, 1], [batch, time, rows, columns, 1]; stays the caller's. */
  readonly window: tf.Tensor5D;
  /** The video around each window of the batch, for the reward. */
  readonly surroundings?: readonly (WindowSurroundings | undefined)[] | undefined;
  readonly coefficients: LossCoefficients;
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
export interface UpdateMetrics extends PolicyUpdateMetrics, PolicyLossMetrics, CriticLossMetrics {
  readonly criticGradientNorm: number;
}

type LossMetrics =
  | keyof PolicyLossMetrics
  | keyof CriticLossMetrics
  | 'policyGradientNorm'
  | 'criticGradientNorm';

/** What the K updates take as given; names as in `policyLoss`. */
interface Rollout {
  readonly actions: tf.Tensor4D;
  readonly rolloutLogProb: tf.Tensor4D;
  readonly referenceLogProb: tf.Tensor5D;
  readonly rolloutStanding: PolicyStanding<tf.Scalar>;
}

/** A policy that is trained gives a pass that can go backward, one that stays as it is its logits. */
interface RolloutResult {
  readonly rollout: Rollout;
  readonly pass: KeptPass | undefined;
  readonly logits: tf.Tensor5D | undefined;
}

/** What one update is given beside the weights. */
interface UpdateGiven {
  readonly rollout: Rollout & { readonly reward: tf.Tensor4D };
  /** Absent where the policy looks at the window anew. */
  readonly pass: KeptPass | undefined;
  /** Of a policy that stays as it is. */
  readonly logits: tf.Tensor5D | undefined;
  readonly coefficients: { readonly [Name in keyof LossCoefficients]: tf.Scalar };
  readonly criticAdam: AdamCoefficients<tf.Scalar>;
  /** Absent where the policy stays as it is. */
  readonly policyAdam: AdamCoefficients<tf.Scalar> | undefined;
}

interface UpdateResult {
  readonly numbers: StepNumbers<LossMetrics>;
  readonly criticValues: AdamValues;
  readonly policyValues: AdamValues | undefined;
}

/** Forward passes that a forward pass with its backward pass costs. */
const FORWARD_AND_BACKWARD = 3;

export class PpoUpdate {
  readonly #options: PpoUpdateOptions;
  readonly #rollout: RecordedStep<[tf.Tensor5D, boolean], RolloutResult>;
  readonly #update: RecordedStep<[tf.Tensor5D, UpdateGiven], UpdateResult>;
  readonly #lastLook: RecordedStep<
    [tf.Tensor5D, Rollout, tf.Tensor5D | undefined],
    StepNumbers<keyof PolicyShift>
  >;

  constructor(options: PpoUpdateOptions) {
    this.#options = options;
    this.#rollout = recorded('PPO rollout', (...given) => this.#rollOut(...given));
    this.#update = recorded('PPO update', (...given) => this.#updateOnce(...given));
    this.#lastLook = recorded('PPO last look', (...given) => this.#lookAt(...given));
  }

  /** K updates of policy and critic on one window. Frees all it makes. */
  run(input: WindowUpdateInput): WindowUpdate<UpdateMetrics> {
    return withTensors((keep) => this.#run(input, keep));
  }

  #run(
    { window, surroundings, coefficients, criticOnly = false }: WindowUpdateInput,
    keep: KeepTensors,
  ): WindowUpdate<UpdateMetrics> {
    const { learners, reward, config, limits } = this.#options;
    const { policyOptimiser, criticOptimiser } = learners;
    const { rollout, pass, logits } = keep(this.#rollout(window, criticOnly));
    const earned = keep(reward.of(window, rollout.actions, surroundings));

    let losses: Readonly<Record<LossMetrics, number>>;
    let violation: Violation | undefined;
    let update = 0;
    do {
      const result = this.#update(window, {
        rollout: { ...rollout, reward: earned },
        pass: update === 0 ? pass : undefined,
        logits,
        coefficients,
        criticAdam: criticOptimiser.coefficients,
        policyAdam: criticOnly ? undefined : policyOptimiser.coefficients,
      });
      if (update === 0) disposeTree(pass);
      losses = readNumbers(result.numbers);
      // 7. A step with a number that is not finite is not taken.
      violation = findNotFinite(losses);
      if (violation) disposeTree(result);
      else this.#take(result);
      update++;
    } while (!violation && update < config.updatesPerWindow);

    const shift = readNumbers(this.#lastLook(window, rollout, logits));
    violation ??= findPolicyViolation(shift, limits);
    // Beside the updates rollout and reference; the rollout is the first update's forward pass, which pays for the last
    // look.
    const forwardEquivalents = 2 + reward.passes + update * FORWARD_AND_BACKWARD * (criticOnly ? 1 : 2);
    return { metrics: { ...losses, ...shift, forwardEquivalents }, violation };
  }

  #rollOut(window: tf.Tensor5D, criticOnly: boolean): RolloutResult {
    const { learners, reference } = this.#options;
    // 1. The rollout is the forward pass of the first update, kept: the policy has not changed in between, so the first
    //    ratio is exactly 1. (cleanrl stores its rollout; the published code runs the policy again.) A policy that is
    //    left as it is needs no more than this one pass, and nothing kept for a gradient.
    const pass = criticOnly ? undefined : learners.policy.forwardForTraining(window).kept;
    const rolloutLogits = pass?.outputs[0] ?? learners.policy.forward(window);
    // 2. Actions are the most likely labels, not samples: independent samples per pixel are no segmentation (method.md
    //    6).
    // 3. Rollout, reference and reward are constants of the K updates and computed once (method.md 12).
    const actions = tf.argMax(rolloutLogits, -1) as tf.Tensor4D;
    const logProb = tf.logSoftmax(rolloutLogits) as tf.Tensor5D;
    const rolloutLogProb = actionLogProb(logProb, actions);
    const referenceLogProb = tf.logSoftmax(reference.forward(window)) as tf.Tensor5D;
    const rolloutStanding = policyStanding(logProb, referenceLogProb);
    const rollout = { actions, rolloutLogProb, referenceLogProb, rolloutStanding };
    return { rollout, pass, logits: criticOnly ? rolloutLogits : undefined };
  }

  #updateOnce(window: tf.Tensor5D, given: UpdateGiven): UpdateResult {
    const { learners, config } = this.#options;
    const { policy, critic, policyOptimiser, criticOptimiser } = learners;
    const { rollout, pass, logits, coefficients, criticAdam, policyAdam } = given;
    // 4. One step, no return and no bootstrap: the target of the critic is the reward itself, without divergence
    //    penalty.
    // 5. The critic has a network and an optimiser of its own, so losses are not mixed by a value coefficient, and one
    //    pass is freed before the other starts. Its value loss is not clipped.
    const criticPass = critic.forwardForTraining(window);
    const value = stateValue(criticPass.outputs[0]!);
    const criticResult = criticLoss(criticPass.outputs, rollout.reward);
    const criticGradients = criticPass.backward(criticResult.gradients);
    criticPass.dispose();
    const criticStep = clippedStep(criticOptimiser, criticGradients, config.gradientNorm, criticAdam);

    // 6. No GAE and no normalised advantages: A = r - lambda (log pi - log pi_ref) - V with the current log pi, a
    //    constant to the gradient. The penalty that holds on to the reference sits in the reward, not in the loss.
    const policyPass = logits ? undefined : policy.passOver(window, pass);
    const newLogits = logits ?? policyPass!.outputs[0]!;
    const { clipRange } = config;
    const policyResult = policyLoss({ newLogits, ...rollout, value, clipRange, ...coefficients });
    const policyGradients = policyPass?.backward([policyResult.gradient]);
    policyPass?.dispose();
    const policyStep =
      policyGradients && clippedStep(policyOptimiser, policyGradients, config.gradientNorm, policyAdam!);

    const numbers = stackNumbers({
      ...policyResult.metrics,
      ...criticResult.metrics,
      policyGradientNorm: policyStep?.norm ?? tf.scalar(0),
      criticGradientNorm: criticStep.norm,
    });
    return { numbers, criticValues: criticStep.values, policyValues: policyStep?.values };
  }

  #take({ criticValues, policyValues }: UpdateResult): void {
    const { policyOptimiser, criticOptimiser } = this.#options.learners;
    if (policyValues) policyOptimiser.take(policyValues);
    criticOptimiser.take(criticValues);
  }

  /**
   * 8. The policy that the updates led to is looked at once more, so that a window that breaks it is the one taken
   *    back. What the rollout pass of 1 saves pays for this.
   */
  #lookAt(
    window: tf.Tensor5D,
    rollout: Rollout,
    logits: tf.Tensor5D | undefined,
  ): StepNumbers<keyof PolicyShift> {
    const { learners, config } = this.#options;
    const newLogits = logits ?? learners.policy.forward(window);
    const { clipRange } = config;
    return stackNumbers<keyof PolicyShift>({ ...policyShift({ newLogits, ...rollout, clipRange }) });
  }

  /** Frees the recordings; the learners stay. */
  dispose(): void {
    for (const step of [this.#rollout, this.#update, this.#lastLook]) step.dispose();
  }
}

/** Frees the tensors in it that are left. */
function disposeTree(tree: object | undefined): void {
  tf.dispose(tree as tf.TensorContainer);
}
