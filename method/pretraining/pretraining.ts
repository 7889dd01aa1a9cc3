/**
 * Supervised training of a policy on annotated source windows (method.md 1 step 0, 2 and 12): cross entropy + Dice on
 * logits, one window a step. A step follows from the state and the seed alone, so a resumed run makes the same numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PretrainingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { Adam } from '../networks/adam.ts';
import { clipByGlobalNorm } from '../networks/gradient-norm.ts';
import { disposeGradients } from '../networks/gradients.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import { crossEntropyPlusDice } from '../networks/supervised-loss.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { augmentIntensities } from './augmentation.ts';
import {
  drawWindow,
  imageWindow,
  type LabelledWindowSource,
  labelWindow,
  TRAINING_WINDOW_FRAMES,
} from './training-windows.ts';

/** Gradients are scaled down to this norm, and the learning rate falls with this power of what is left, as in nnU-Net. */
const GRADIENT_NORM = 12;
const DECAY_POWER = 0.9;

export interface PretrainingOptions {
  /** Changed in place; stays the caller's to dispose. */
  readonly policy: UNet3D;
  readonly windows: LabelledWindowSource;
  readonly config: PretrainingConfig;
  readonly seed: number;
  readonly windowFrames?: number;
}

export interface PretrainingStep {
  /** From 0. */
  readonly step: number;
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

export interface PretrainingState {
  /** Weights and moments under policy/ and policyAdam/. */
  readonly arrays: NamedArrays;
  readonly progress: { readonly step: number };
}

export class Pretraining {
  readonly #options: PretrainingOptions;
  readonly #windowFrames: number;
  readonly #optimiser: Adam;
  #step = 0;

  constructor(options: PretrainingOptions) {
    this.#options = options;
    this.#windowFrames = options.windowFrames ?? TRAINING_WINDOW_FRAMES;
    this.#optimiser = new Adam(options.policy.parameters, { learningRate: options.config.learningRate });
  }

  get progress(): PretrainingState['progress'] {
    return { step: this.#step };
  }

  get steps(): number {
    return this.#options.config.steps;
  }

  get done(): boolean {
    return this.#step >= this.steps;
  }

  /**
   * One optimiser step on a random window.
   * @throws DomainError Diverged when the loss or its gradient is not finite.
   */
  step(): PretrainingStep {
    const { policy, windows, config, seed } = this.#options;
    const step = this.#step;
    const random = randomStream(seed, 'pretraining', step);
    const place = drawWindow(windows, this.#windowFrames, random);
    const plain = imageWindow(windows, place, this.#windowFrames);
    const image = augmentIntensities(plain, random);
    const labels = labelWindow(windows, place, this.#windowFrames);

    const pass = policy.forwardForTraining(image);
    const { loss, gradient } = crossEntropyPlusDice(pass.outputs[0]!, labels);
    const { gradients, norm } = clipByGlobalNorm(pass.backward([gradient]), GRADIENT_NORM);
    pass.dispose();
    tf.dispose([plain, image, labels, gradient]);

    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      disposeGradients(gradients);
      throw new DomainError(
        'Diverged',
        `pretraining gave a loss of ${loss} and a gradient norm of ${norm} at step ${step}: lower pretraining.learningRate`,
        { step },
      );
    }
    const learningRate = config.learningRate * (1 - step / config.steps) ** DECAY_POWER;
    this.#optimiser.setLearningRate(learningRate);
    this.#optimiser.apply(gradients);
    disposeGradients(gradients);
    this.#step = step + 1;
    return { step, loss, gradientNorm: norm, learningRate };
  }

  /** Everything that the next step depends on. */
  state(): PretrainingState {
    return {
      arrays: {
        ...withPrefix('policy', this.#options.policy.toArrays()),
        ...withPrefix('policyAdam', this.#optimiser.toArrays()),
      },
      progress: this.progress,
    };
  }

  /**
   * Goes on from a state that the same options gave.
   * @throws DomainError CheckpointIncompatible when arrays are missing or have other shapes.
   */
  restore({ arrays, progress }: PretrainingState): void {
    this.#options.policy.assign(takeArrays('policy', arrays));
    this.#optimiser.assign(takeArrays('policyAdam', arrays));
    this.#step = progress.step;
  }

  /** Frees the optimiser. */
  dispose(): void {
    this.#optimiser.dispose();
  }
}
