/**
 * The group-relative update of one draw of windows (method.md 6.2), top to bottom: the policy's segmentation and others
 * beside it are rated, what each earns more than the group is its advantage, and the policy moves along it, held by its
 * exact divergence from the reference and by annotated source windows. There is no critic. Each part that runs on the
 * device is recorded.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../../contracts/run-config.ts';
import { type RecordedStep, recorded } from '../../../recorded/recorded.ts';
import { type AnnotatedWindow, noisy } from '../../augmentation/annotated-window.ts';
import type { GreyNoise } from '../../augmentation/grey-noise.ts';
import type { Adam, AdamCoefficients } from '../../networks/adam.ts';
import { disposeGradients } from '../../networks/gradients.ts';
import { readNumbers, type StepNumbers, stackNumbers } from '../../networks/step-numbers.ts';
import { supervisedLoss } from '../../networks/supervised-loss.ts';
import { type ClippedStep, clippedVectorStep, networkPass } from '../../networks/training-step.ts';
import type { KeptPass } from '../../networks/unet-pass.ts';
import type { UNet3D } from '../../networks/unet3d.ts';
import { type KeepTensors, withTensors } from '../../networks/with-tensors.ts';
import type { WindowSurroundings } from '../../rewards/penalties.ts';
import type { WindowReward } from '../../rewards/reward.ts';
import { findNotFinite, findPolicyViolation, type GuardLimits, type Violation } from '../guards.ts';
import { actionLogProb, type PolicyShift, policyShift, policyStanding } from '../loss.ts';
import type { PolicyUpdateMetrics, WindowUpdate } from '../policy-update.ts';
import type { LossCoefficients } from '../schedules.ts';
import { type GroupLossMetrics, groupAdvantages, groupLoss } from './group-loss.ts';
import { groupRewards } from './group-rewards.ts';
import { type ProposalOptions, Proposals } from './proposals.ts';

export interface GroupUpdateOptions {
  /** Policy and optimiser stay the caller's. */
  readonly learners: { readonly policy: UNet3D; readonly policyOptimiser: Adam };
  /** pi_ref, frozen. */
  readonly reference: UNet3D;
  readonly reward: WindowReward;
  readonly config: Pick<
    PpoConfig,
    'updatesPerWindow' | 'clipRange' | 'gradientNorm' | 'sourceWeight' | 'consensusShare' | 'proposals'
  >;
  /** Side of the square pixels of all windows. */
  readonly spacingMm: number;
  readonly complete?: ProposalOptions['complete'];
  readonly limits: GuardLimits;
}

export interface GroupUpdateInput {
  /** Grey levels in [0, 1], [batch, time, rows, columns, 1]; stays the caller's. */
  readonly window: tf.Tensor5D;
  /** The video around each window of the batch, for the reward. */
  readonly surroundings?: readonly (WindowSurroundings | undefined)[] | undefined;
  /**
   * What the sweep segmented there, int32 [batch, time, rows, columns]: a proposal, and what proposals may be paid for.
   */
  readonly swept: tf.Tensor4D;
  /** What the policy is not to forget; empty for none. */
  readonly source: readonly AnnotatedWindow[];
  readonly coefficients: LossCoefficients;
}

export interface GroupMetrics extends PolicyUpdateMetrics, GroupLossMetrics {
  /** Of the annotated windows; 0 without. */
  readonly sourceLoss: number;
}

/** What the K updates take as given. */
interface Rollout {
  readonly advantages: tf.Tensor5D;
  readonly rolloutLogProb: tf.Tensor5D;
  readonly referenceLogProb: tf.Tensor5D;
}

/** Of annotated windows together: mean loss, and its gradient by all parameters as one vector. */
interface SourcePass {
  readonly loss: tf.Scalar;
  readonly gradient: tf.Tensor1D;
}

interface RolloutResult {
  readonly actions: tf.Tensor4D;
  readonly pass: KeptPass;
  readonly logProbs: Omit<Rollout, 'advantages'>;
}

interface UpdateGiven {
  readonly rollout: Rollout;
  /** Absent where the policy looks at the window anew. */
  readonly pass: KeptPass | undefined;
  readonly source: SourcePass | undefined;
  readonly coefficients: { readonly [Name in keyof LossCoefficients]: tf.Scalar };
  readonly adam: AdamCoefficients<tf.Scalar>;
}

type LossMetrics = keyof GroupLossMetrics | 'sourceLoss' | 'policyGradientNorm';

interface UpdateResult {
  readonly numbers: StepNumbers<LossMetrics>;
  readonly values: ClippedStep['values'];
}

/** Forward passes that a forward pass with its backward pass costs. */
const FORWARD_AND_BACKWARD = 3;

export class GroupUpdate {
  readonly #options: GroupUpdateOptions;
  readonly #proposals: Proposals;
  readonly #advantages: RecordedStep<
    [readonly tf.Tensor4D[], readonly tf.Tensor4D[], swept: tf.Tensor4D, share: tf.Scalar],
    tf.Tensor5D
  >;
  readonly #rollout: RecordedStep<[tf.Tensor5D], RolloutResult>;
  /** By itself, because windows of the source have other sizes than those of the target. */
  readonly #sourcePass: RecordedStep<
    [tf.Tensor5D, tf.Tensor4D, GreyNoise<tf.Scalar>, seed: tf.Tensor1D],
    SourcePass
  >;
  readonly #update: RecordedStep<[tf.Tensor5D, UpdateGiven], UpdateResult>;
  readonly #lastLook: RecordedStep<[tf.Tensor5D, Rollout], StepNumbers<keyof PolicyShift>>;

  constructor(options: GroupUpdateOptions) {
    this.#options = options;
    const { policy } = options.learners;
    const classes = policy.config.outputChannels;
    const { spacingMm, complete, config } = options;
    this.#proposals = new Proposals({ policy, names: config.proposals, spacingMm, complete });
    this.#advantages = recorded('group advantages', (proposals, earned, swept, share) =>
      tf.tidy(() => {
        const rewards = groupRewards(proposals, earned, swept, share);
        return groupAdvantages(proposals, rewards, classes);
      }),
    );
    this.#rollout = recorded('group rollout', (...given) => this.#rollOut(...given));
    this.#sourcePass = recorded('group source window', (...given) => this.#passOverSource(...given));
    this.#update = recorded('group update', (...given) => this.#updateOnce(...given));
    this.#lastLook = recorded('group last look', (...given) => this.#lookAt(...given));
  }

  /** K updates of the policy on one draw. Frees all it makes. */
  run(input: GroupUpdateInput): WindowUpdate<GroupMetrics> {
    return withTensors((keep) => this.#run(input, keep));
  }

  #run(input: GroupUpdateInput, keep: KeepTensors): WindowUpdate<GroupMetrics> {
    const { learners, reward, config, limits } = this.#options;
    const { policyOptimiser } = learners;
    const { window, source, coefficients } = input;
    const { actions, pass, logProbs } = keep(this.#rollout(window));
    const { advantages, meanReward } = this.#rate(actions, logProbs.rolloutLogProb, input);
    const rollout: Rollout = keep({ ...logProbs, advantages });

    let losses: Readonly<Record<LossMetrics, number>>;
    let violation: Violation | undefined;
    let update = 0;
    do {
      const adam = policyOptimiser.coefficients;
      const annotated = keep(this.#annotated(source));
      const { numbers, values } = this.#update(window, {
        rollout,
        pass: update === 0 ? pass : undefined,
        source: annotated,
        coefficients,
        adam,
      });
      if (annotated) tf.dispose({ ...annotated });
      if (update === 0) tf.dispose(pass as unknown as tf.TensorContainer);
      losses = readNumbers(numbers);
      // A step with a number that is not finite is not taken.
      violation = findNotFinite(losses);
      if (violation) tf.dispose(values as unknown as tf.TensorContainer);
      else policyOptimiser.take(values);
      update++;
    } while (!violation && update < config.updatesPerWindow);

    const shift = readNumbers(this.#lastLook(window, rollout));
    violation ??= findPolicyViolation(shift, limits);
    // Beside the updates: reference, rewards and the last look, which the first update pays for by the rollout's pass.
    const sourceShare = source.reduce((sum, { image }) => sum + image.size, 0) / window.size;
    const { count, passes } = this.#proposals;
    const forwardEquivalents =
      2 + passes + count * reward.passes + update * FORWARD_AND_BACKWARD * (1 + sourceShare);
    return { metrics: { ...losses, ...shift, meanReward, forwardEquivalents }, violation };
  }

  /** What proposals earn beyond the group; proposal 0 is what the policy says itself. */
  #rate(
    actions: tf.Tensor4D,
    logProb: tf.Tensor5D,
    { window, surroundings, swept }: Pick<GroupUpdateInput, 'window' | 'surroundings' | 'swept'>,
  ) {
    const { reward, config } = this.#options;
    return withTensors((keep) => {
      const proposals = keep(this.#proposals.of({ window, actions, logProb, swept }));
      const earned = proposals.map((labels) => keep(reward.of(window, labels, surroundings)));
      const mean = keep(tf.tidy(() => tf.mean(earned[0]!)));
      const meanReward = mean.dataSync<'float32'>()[0]!;
      return { advantages: this.#advantages(proposals, earned, swept, config.consensusShare), meanReward };
    });
  }

  /** The pass of the rollout is that of the first update: the policy has not changed in between. */
  #rollOut(image: tf.Tensor5D): RolloutResult {
    const { learners, reference } = this.#options;
    const pass = learners.policy.forwardForTraining(image).kept;
    const logits = pass.outputs[0]!;
    return {
      actions: tf.argMax(logits, -1) as tf.Tensor4D,
      pass,
      logProbs: {
        rolloutLogProb: tf.logSoftmax(logits) as tf.Tensor5D,
        referenceLogProb: tf.tidy(() => tf.logSoftmax(reference.forward(image)) as tf.Tensor5D),
      },
    };
  }

  /** Of all annotated windows together, each with the policy as it is now. */
  #annotated(windows: readonly AnnotatedWindow[]): SourcePass | undefined {
    if (windows.length === 0) return undefined;
    return withTensors((keep) => {
      const passes = windows.map(({ image, labels, noise, noiseSeed }) =>
        keep(this.#sourcePass(image, labels, noise, noiseSeed)),
      );
      const meanOf = <Part extends tf.Tensor>(parts: Part[]): Part =>
        tf.tidy(() => tf.div(tf.addN(parts), parts.length));
      return {
        loss: meanOf(passes.map(({ loss }) => loss)),
        gradient: meanOf(passes.map(({ gradient }) => gradient)),
      };
    });
  }

  #passOverSource(
    plain: tf.Tensor5D,
    labels: tf.Tensor4D,
    noise: GreyNoise<tf.Scalar>,
    seed: tf.Tensor1D,
  ): SourcePass {
    const { policy, policyOptimiser } = this.#options.learners;
    const { loss, gradients } = networkPass(policy, noisy(plain, noise, seed), ([logits]) => {
      const supervised = supervisedLoss(logits!, labels);
      return { loss: supervised.loss, gradients: [supervised.gradient] };
    });
    const gradient = policyOptimiser.vector.of(gradients);
    disposeGradients(gradients);
    return { loss, gradient };
  }

  #updateOnce(image: tf.Tensor5D, given: UpdateGiven): UpdateResult {
    const { learners, config } = this.#options;
    const { policy, policyOptimiser } = learners;
    const { rollout, pass, source, coefficients, adam } = given;
    const { clipRange, gradientNorm, sourceWeight } = config;
    const policyPass = policy.passOver(image, pass);
    const newLogits = policyPass.outputs[0]!;
    const { gradient, metrics } = groupLoss({ newLogits, ...rollout, clipRange, ...coefficients });
    const gradients = policyPass.backward([gradient]);
    policyPass.dispose();
    gradient.dispose();
    const ofGroup = policyOptimiser.vector.of(gradients);
    disposeGradients(gradients);

    const sum = source
      ? tf.tidy(() => tf.add(ofGroup, tf.mul(source.gradient, sourceWeight)) as tf.Tensor1D)
      : ofGroup;
    if (source) ofGroup.dispose();
    const { norm, values } = clippedVectorStep(policyOptimiser, sum, gradientNorm, adam);
    const numbers = stackNumbers({
      ...metrics,
      sourceLoss: source?.loss ?? tf.scalar(0),
      policyGradientNorm: norm,
    });
    return { numbers, values };
  }

  /** The policy that the updates led to, so that a window that breaks it is the one taken back. */
  #lookAt(image: tf.Tensor5D, { rolloutLogProb, referenceLogProb }: Rollout): StepNumbers<keyof PolicyShift> {
    const { learners, config } = this.#options;
    const newLogits = learners.policy.forward(image);
    const actions = tf.argMax(rolloutLogProb, -1) as tf.Tensor4D;
    const rolloutStanding = policyStanding(rolloutLogProb, referenceLogProb);
    const { clipRange } = config;
    return stackNumbers<keyof PolicyShift>({
      ...policyShift({
        newLogits,
        actions,
        rolloutLogProb: actionLogProb(rolloutLogProb, actions),
        referenceLogProb,
        rolloutStanding,
        clipRange,
      }),
    });
  }

  /** Frees the recordings; policy and optimiser stay. */
  dispose(): void {
    const steps = [this.#advantages, this.#rollout, this.#sourcePass, this.#update];
    for (const one of [...steps, this.#lastLook, this.#proposals]) one.dispose();
  }
}
