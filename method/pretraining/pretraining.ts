/**
 * Supervised training of a policy on annotated source windows (method.md 1 step 0, 2 and 12): cross entropy + Dice on
 * logits of randomly changed windows. A step follows from the state and the seed alone, so a resumed run makes the same
 * numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AugmentationConfig } from '../../contracts/augmentation.ts';
import type { PretrainingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { UNKNOWN } from '../../ground/labels.ts';
import { type RandomStream, randomStream } from '../../ground/random.ts';
import { augmentWindow } from '../augmentation/augment-window.ts';
import { addGreyNoise } from '../augmentation/grey-noise.ts';
import { Adam } from '../networks/adam.ts';
import { clipByGlobalNorm } from '../networks/gradient-norm.ts';
import { addGradients, disposeGradients, type Gradients, scaleGradients } from '../networks/gradients.ts';
import { maskedCrossEntropyPlusDice } from '../networks/masked-supervised-loss.ts';
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
  drawLabelledWindow,
  type LabelledWindowSource,
  windowImage,
  windowLabels,
} from '../windows/training-windows.ts';
import { learningRateAt } from './schedule.ts';
import { WeightAverage } from './weight-average.ts';

/** Gradients are scaled down to this norm, as in nnU-Net. */
const GRADIENT_NORM = 12;

export interface PretrainingOptions {
  /** Changed in place; stays the caller's to dispose. */
  readonly policy: UNet3D;
  readonly windows: LabelledWindowSource;
  readonly config: PretrainingConfig;
  readonly augmentation: AugmentationConfig;
  /** Side of the square pixels of the windows. */
  readonly spacingMm: number;
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
  readonly #average: WeightAverage | undefined;
  #step = 0;

  constructor(options: PretrainingOptions) {
    this.#options = options;
    const { parameters } = options.policy;
    const { learningRate, averageDecay } = options.config;
    this.#optimiser = new Adam(parameters, { learningRate });
    this.#average = averageDecay > 0 ? new WeightAverage(parameters, averageDecay) : undefined;
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
   * One optimiser step on random windows; the loss is their mean, the norm of the gradient that before clipping. The last step
   * makes the average of the weights the policy, where there is one.
   * @throws DomainError Diverged when the loss or its gradient is not finite.
   */
  step(): TrainingStep<'loss' | 'gradientNorm' | 'learningRate'> {
    refuseStepWhenDone(this, 'pretraining');
    const { config } = this.#options;
    const step = this.#step;
    const { loss, gradients: mean } = this.#meanGradients();
    const { gradients, norm } = clipByGlobalNorm(mean, GRADIENT_NORM);

    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      disposeGradients(gradients);
      throw new DomainError(
        'Diverged',
        `pretraining gave a loss of ${loss} and a gradient norm of ${norm} at step ${step}: lower pretraining.learningRate`,
        { step },
      );
    }
    const learningRate = learningRateAt(config, step);
    this.#optimiser.setLearningRate(learningRate);
    this.#optimiser.apply(gradients);
    disposeGradients(gradients);
    this.#average?.add(step);
    this.#step = step + 1;
    if (this.done) this.#average?.giveBack();
    return { measures: { loss, gradientNorm: norm, learningRate } };
  }

  /** Loss and gradients, means over the windows of the step. */
  #meanGradients(): { loss: number; gradients: Gradients } {
    const { seed, config } = this.#options;
    const { windowsPerStep } = config;
    let loss = 0;
    let sum: Gradients | undefined;
    for (let window = 0; window < windowsPerStep; window++) {
      // The name of the first one is that of the only one.
      const random = randomStream(seed, 'pretraining', this.#step, ...(window === 0 ? [] : [window]));
      const one = this.#gradientsOf(window, random);
      loss += one.loss / windowsPerStep;
      sum = sum ? addGradients(sum, one.gradients) : one.gradients;
    }
    return { loss, gradients: windowsPerStep === 1 ? sum! : scaleGradients(sum!, 1 / windowsPerStep) };
  }

  /** Of one window, which `random` draws. */
  #gradientsOf(window: number, random: RandomStream): { loss: number; gradients: Gradients } {
    const { policy, windows, augmentation, seed, spacingMm, windowFrames: frames } = this.#options;
    const place = drawLabelledWindow(windows, frames, random);
    const rows = windows.rows(place.video);
    const columns = windows.columns(place.video);
    const drawn = {
      frames,
      rows,
      columns,
      spacingMm,
      image: windowImage(windows, place, frames),
      labels: windowLabels(windows, place, frames),
    };
    const changed = augmentWindow(drawn, augmentation, (effect) =>
      randomStream(seed, 'augmentation', effect, this.#step, window),
    );
    const plain = tf.tensor5d(changed.image, [1, frames, rows, columns, 1], 'float32');
    const labels = tf.tensor4d(changed.labels, [1, frames, rows, columns], 'int32');
    const image = addGreyNoise(plain, augmentation.greyLevels, random);

    const pass = policy.forwardForTraining(image);
    const lossOf = changed.labels.includes(UNKNOWN) ? maskedCrossEntropyPlusDice : crossEntropyPlusDice;
    const { loss, gradient } = lossOf(pass.outputs[0]!, labels);
    const gradients = pass.backward([gradient]);
    pass.dispose();
    tf.dispose([plain, image, labels, gradient]);
    return { loss, gradients };
  }

  /** Arrays under policy/, policyAdam/ and, with an average of the weights, policyAverage/. */
  state(): TrainingState<PretrainingProgress> {
    return {
      arrays: {
        ...withPrefix('policy', this.#options.policy.toArrays()),
        ...withPrefix('policyAdam', this.#optimiser.toArrays()),
        ...(this.#average && withPrefix('policyAverage', this.#average.toArrays())),
      },
      progress: this.progress,
    };
  }

  restore({ arrays, progress }: TrainingState<PretrainingProgress>): void {
    this.#options.policy.assign(takeArrays('policy', arrays));
    this.#optimiser.assign(takeArrays('policyAdam', arrays));
    this.#average?.assign(takeArrays('policyAverage', arrays));
    this.#step = progress.step;
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.#optimiser.dispose();
    this.#average?.dispose();
  }
}
