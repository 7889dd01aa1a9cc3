/**
 * Supervised training of a policy on annotated source windows (method.md 1 step 0, 2 and 12): cross entropy + Dice on
 * logits, one window a step. A step follows from the state and the seed alone, so a resumed run makes the same numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PretrainingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { Adam } from '../networks/adam.ts';
import { clipByGlobalNorm } from '../networks/gradient-norm.ts';
import { disposeGradients } from '../networks/gradients.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import { crossEntropyPlusDice } from '../networks/supervised-loss.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingCount,
  type TrainingState,
  type TrainingStep,
} from '../training/training.ts';
import {
  drawWindow,
  imageWindow,
  type LabelledWindowSource,
  labelWindow,
} from '../windows/training-windows.ts';
import { augmentIntensities } from './augmentation.ts';

/**
 * Gradients are scaled down to this norm, and the learning rate falls with this power of what is left, as in nnU-Net.
 */
const GRADIENT_NORM = 12;
const DECAY_POWER = 0.9;

export interface PretrainingOptions {
  /** Changed in place; stays the caller's to dispose. */
  readonly policy: UNet3D;
  readonly windows: LabelledWindowSource;
  readonly config: PretrainingConfig;
  readonly seed: number;
  /** Frames of a window. */
  readonly windowFrames: number;
}

export const PretrainingProgressSchema = z.strictObject({
  /** Steps done. */
  step: z.int().min(0),
});
export type PretrainingProgress = Readonly<z.infer<typeof PretrainingProgressSchema>>;

export class Pretraining implements Training<PretrainingProgress> {
  readonly progressSchema = PretrainingProgressSchema;
  readonly #options: PretrainingOptions;
  readonly #optimiser: Adam;
  #step = 0;

  constructor(options: PretrainingOptions) {
    this.#options = options;
    this.#optimiser = new Adam(options.policy.parameters, { learningRate: options.config.learningRate });
  }

  get progress(): PretrainingProgress {
    return { step: this.#step };
  }

  get count(): TrainingCount {
    return { done: this.#step, total: this.#options.config.steps };
  }

  get done(): boolean {
    return this.#step >= this.#options.config.steps;
  }

  /**
   * One optimiser step on a random window; the norm of the gradient is that before clipping.
   * @throws DomainError Diverged when the loss or its gradient is not finite.
   */
  step(): TrainingStep<'loss' | 'gradientNorm' | 'learningRate'> {
    refuseStepWhenDone(this, 'pretraining');
    const { policy, windows, config, seed, windowFrames } = this.#options;
    const step = this.#step;
    const random = randomStream(seed, 'pretraining', step);
    const place = drawWindow(windows, windowFrames, random);
    const plain = imageWindow(windows, place, windowFrames);
    const image = augmentIntensities(plain, random);
    const labels = labelWindow(windows, place, windowFrames);

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
    return { measures: { loss, gradientNorm: norm, learningRate } };
  }

  /** Arrays under policy/ and policyAdam/. */
  state(): TrainingState<PretrainingProgress> {
    return {
      arrays: {
        ...withPrefix('policy', this.#options.policy.toArrays()),
        ...withPrefix('policyAdam', this.#optimiser.toArrays()),
      },
      progress: this.progress,
    };
  }

  restore({ arrays, progress }: TrainingState<PretrainingProgress>): void {
    this.#options.policy.assign(takeArrays('policy', arrays));
    this.#optimiser.assign(takeArrays('policyAdam', arrays));
    this.#step = progress.step;
  }

  /** Frees the optimiser. */
  dispose(): void {
    this.#optimiser.dispose();
  }
}
