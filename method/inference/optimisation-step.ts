/**
 * A step of test-time optimisation (method.md 8): one PPO step of a policy on augmented copies of a window. What comes
 * before the reward and what comes after it are recorded, each one call of TensorFlow.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { OptimisationConfig } from '../../contracts/run-config.ts';
import type { RandomStream } from '../../ground/random.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import type { Adam, AdamCoefficients, AdamValues } from '../networks/adam.ts';
import { drawSeed, standardNormal } from '../networks/kernels/noise.ts';
import { clippedStep } from '../networks/training-step.ts';
import type { KeptPass } from '../networks/unet-pass.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { withTensors } from '../networks/with-tensors.ts';
import { actionLogProb, policyLoss } from '../ppo/loss.ts';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowReward } from '../rewards/reward.ts';

/**
 * What the reward of a pixel is compared with: an action that is more likely right than wrong is held up, whatever the
 * others earn. With the mean reward of the chunk or a critic's value in its place, whole borders, which are never
 * certain, were pushed away from their label (docs/experiments.md).
 */
const EVEN_ODDS = 0.5;

export interface OptimisationStepOptions {
  /** Changed in place; it stays the caller's, as do all others. */
  readonly policy: UNet3D;
  readonly optimiser: Adam;
  /** The policy as it was. */
  readonly reference: UNet3D;
  readonly reward: WindowReward;
  readonly config: OptimisationConfig;
}

/** What makes copies of a window differ from it, a number of each for each copy. */
interface Changes {
  readonly contrasts: readonly tf.Scalar[];
  /** Standard deviations of the noise, grey levels. */
  readonly deviations: readonly tf.Scalar[];
}

/** Names as in `policyLoss`. */
interface Rollout {
  /** Copies of the chunk, [augmentations, time, rows, columns, 1]. */
  readonly window: tf.Tensor5D;
  readonly pass: KeptPass;
  readonly actions: tf.Tensor4D;
  readonly rolloutLogProb: tf.Tensor4D;
  readonly referenceLogProb: tf.Tensor5D;
}

export class OptimisationStep {
  readonly #options: OptimisationStepOptions;
  readonly #rollout: RecordedStep<[tf.Tensor5D, Changes, tf.Tensor1D], Rollout>;
  readonly #update: RecordedStep<
    [Rollout, tf.Tensor4D, AdamCoefficients<tf.Scalar>],
    { readonly norm: tf.Scalar; readonly values: AdamValues }
  >;

  constructor(options: OptimisationStepOptions) {
    this.#options = options;
    this.#rollout = recorded('test-time rollout', (...given) => this.#rollOut(...given));
    this.#update = recorded('test-time update', (...given) => this.#updateOnce(...given));
  }

  /**
   * The step on copies of a chunk [1, time, rows, columns, 1] with random contrast and noise; one that is not finite is
   * left out. The reward is given the video around the chunk.
   */
  run(chunk: tf.Tensor5D, surroundings: WindowSurroundings | undefined, random: RandomStream): void {
    const { optimiser, reward, config } = this.#options;
    const within = ([low, high]: readonly [number, number]) => low + (high - low) * random.uniform();
    const copies = Array.from({ length: config.augmentationsPerChunk });
    const contrasts = copies.map(() => within(config.contrast));
    const deviations = copies.map(() => within(config.noise));
    withTensors((keep) => {
      const seed = keep(drawSeed(random));
      const rollout = keep(this.#rollout(chunk, { contrasts, deviations }, seed));
      const { window, actions } = rollout;
      const around = copies.map(() => surroundings);
      const earned = keep(reward.of(window, actions, around));
      const { norm, values } = keep(this.#update(rollout, earned, optimiser.coefficients));
      if (Number.isFinite(norm.dataSync<'float32'>()[0])) optimiser.take(values);
    });
  }

  #rollOut(chunk: tf.Tensor5D, changes: Changes, seed: tf.Tensor1D): Rollout {
    const { policy, reference } = this.#options;
    const window = augmented(chunk, changes, seed);
    const pass = policy.forwardForTraining(window).kept;
    const logits = pass.outputs[0]!;
    const actions = tf.argMax(logits, -1) as tf.Tensor4D;
    const rolloutLogProb = actionLogProb(tf.logSoftmax(logits) as tf.Tensor5D, actions);
    const referenceLogProb = tf.logSoftmax(reference.forward(window)) as tf.Tensor5D;
    return { window, pass, actions, rolloutLogProb, referenceLogProb };
  }

  #updateOnce(
    { window, pass: kept, ...rollout }: Rollout,
    reward: tf.Tensor4D,
    coefficients: AdamCoefficients<tf.Scalar>,
  ): { readonly norm: tf.Scalar; readonly values: AdamValues } {
    const { policy, optimiser, config } = this.#options;
    const pass = policy.passOver(window, kept);
    const newLogits = pass.outputs[0]!;
    const value = tf.fill(reward.shape, EVEN_ODDS) as tf.Tensor4D;
    const { gradient } = policyLoss({ newLogits, ...rollout, reward, value, ...config });
    const gradients = pass.backward([gradient]);
    pass.dispose();
    return clippedStep(optimiser, gradients, config.gradientNorm, coefficients);
  }

  /** Frees the recordings. */
  dispose(): void {
    this.#rollout.dispose();
    this.#update.dispose();
  }
}

/** Copies of the chunk with other contrast and noise, [augmentations, time, rows, columns, 1]. */
function augmented(chunk: tf.Tensor5D, { contrasts, deviations }: Changes, seed: tf.Tensor1D): tf.Tensor5D {
  const ofCopies = (numbers: readonly tf.Scalar[]) => tf.reshape(tf.stack([...numbers]), [-1, 1, 1, 1, 1]);
  return tf.tidy(() => {
    const [, ...window] = chunk.shape;
    const noise = standardNormal<tf.Rank.R5>([contrasts.length, ...window], seed);
    const mean = tf.mean(chunk);
    const changed = tf.add(tf.mul(tf.sub(chunk, mean), ofCopies(contrasts)), mean);
    return tf.clipByValue(tf.add(changed, tf.mul(noise, ofCopies(deviations))), 0, 1) as tf.Tensor5D;
  });
}
