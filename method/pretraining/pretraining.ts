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
import { type RandomStream, randomStream } from '../../ground/random.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { disposeAnnotated, drawAnnotatedWindow, noisy } from '../augmentation/annotated-window.ts';
import type { GreyNoise } from '../augmentation/grey-noise.ts';
import { Adam, type AdamCoefficients, type AdamValues, disposeValues } from '../networks/adam.ts';
import { disposeGradients } from '../networks/gradients.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import { supervisedLoss } from '../networks/supervised-loss.ts';
import { clippedVectorStep, networkPass } from '../networks/training-step.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { WeightAverage } from '../networks/weight-average.ts';
import { type KeepTensors, withTensors } from '../networks/with-tensors.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingCount,
  type TrainingState,
  type TrainingStep,
} from '../training/training.ts';
import { drawLabelledWindow, type LabelledWindowSource } from '../windows/training-windows.ts';
import { learningRateAt } from './schedule.ts';

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
  /** Where this is a worker's part of a training in rounds (method.md 7). */
  readonly part?: StepsOfWorker;
}

/** What a worker's steps are in the whole training. */
export interface StepsOfWorker {
  /** From 0. */
  readonly worker: number;
  readonly workers: number;
  /** Steps of the same worker in the rounds before and in those to come. */
  readonly before: number;
  readonly after: number;
}

export const PretrainingProgressSchema = z.strictObject({
  /** Steps done. */
  step: z.int().min(0),
});
export type PretrainingProgress = Readonly<z.infer<typeof PretrainingProgressSchema>>;

/** Loss of a window, and its gradient by all parameters as one vector. */
interface WindowPass {
  readonly loss: tf.Scalar;
  readonly gradient: tf.Tensor1D;
}

/** A step along the mean gradient, to take or to dispose; `numbers` are its norm before clipping, then the losses. */
interface MeanStep {
  readonly numbers: tf.Tensor1D;
  readonly values: AdamValues;
}

export class Pretraining implements Training<PretrainingProgress> {
  readonly progressSchema = PretrainingProgressSchema;
  readonly #options: PretrainingOptions;
  readonly #optimiser: Adam;
  readonly #average: WeightAverage | undefined;
  readonly #windowPass: RecordedStep<
    [tf.Tensor5D, tf.Tensor4D, GreyNoise<tf.Scalar>, seed: tf.Tensor1D],
    WindowPass
  >;
  readonly #meanStep: RecordedStep<
    [AdamCoefficients<tf.Scalar>, readonly WindowPass[], share: tf.Scalar],
    MeanStep
  >;
  #step = 0;

  constructor(options: PretrainingOptions) {
    this.#options = options;
    const { parameters } = options.policy;
    const { learningRate, averageDecay } = options.config;
    this.#optimiser = new Adam(parameters, { learningRate });
    this.#average = averageDecay > 0 ? new WeightAverage(parameters, averageDecay) : undefined;
    this.#windowPass = recorded('pretraining window', (plain, labels, noise, seed) => {
      const image = noisy(plain, noise, seed);
      const { loss, gradients } = networkPass(options.policy, image, ([logits]) => {
        const { loss, gradient } = supervisedLoss(logits!, labels);
        return { loss, gradients: [gradient] };
      });
      const gradient = this.#optimiser.vector.of(gradients);
      disposeGradients(gradients);
      return { loss, gradient };
    });
    this.#meanStep = recorded('pretraining step', (coefficients, passes, share) => {
      const sum = tf.addN(passes.map(({ gradient }) => gradient)) as tf.Tensor1D;
      const mean: tf.Tensor1D = tf.mul(sum, share);
      const { norm, values } = clippedVectorStep(this.#optimiser, mean, GRADIENT_NORM, coefficients);
      return { numbers: tf.stack([norm, ...passes.map(({ loss }) => loss)]) as tf.Tensor1D, values };
    });
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

  async ready(): Promise<void> {
    const { windows, windowFrames } = this.#options;
    const places = this.#randomOfWindows().map((random) => drawLabelledWindow(windows, windowFrames, random));
    await windows.fetch?.(places, windowFrames);
  }

  /**
   * One optimiser step on random windows; the loss is their mean, the norm of the gradient that before clipping. The
   * last step makes the average of the weights the policy, where there is one.
   * @throws DomainError Diverged when the loss or its gradient is not finite.
   */
  step(): TrainingStep<'loss' | 'gradientNorm' | 'learningRate'> {
    refuseStepWhenDone(this, 'pretraining');
    const { config } = this.#options;
    const step = this.#step;
    const { before, after } = this.#part;
    const learningRate = learningRateAt({ ...config, steps: before + config.steps + after }, before + step);
    this.#optimiser.setLearningRate(learningRate);
    const share = 1 / config.windowsPerStep;
    const { numbers, values } = withTensors((keep) =>
      this.#meanStep(this.#optimiser.coefficients, this.#passes(keep), share),
    );
    const [gradientNorm, ...losses] = numbers.dataSync<'float32'>() as unknown as [number, ...number[]];
    numbers.dispose();
    const loss = losses.reduce((mean, one) => mean + one * share, 0);

    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      disposeValues(values);
      throw new DomainError(
        'Diverged',
        `pretraining gave a loss of ${loss} and a gradient norm of ${gradientNorm} at step ${step}: lower pretraining.learningRate`,
        { step },
      );
    }
    this.#optimiser.take(values);
    this.#average?.add(step);
    this.#step = step + 1;
    if (this.done) this.#average?.giveBack();
    return { measures: { loss, gradientNorm, learningRate } };
  }

  get #part(): StepsOfWorker {
    return this.#options.part ?? { worker: 0, workers: 1, before: 0, after: 0 };
  }

  /** The number that a step draws by, which no other step of any worker has. */
  get #draw(): number {
    const { worker, workers, before } = this.#part;
    return (before + this.#step) * workers + worker;
  }

  /** Those of the windows of the step. */
  #passes(keep: KeepTensors): WindowPass[] {
    return this.#randomOfWindows().map((random, window) => keep(this.#passOf(window, random)));
  }

  /** A stream for each window of the next step, which draws its place and then its noise. */
  #randomOfWindows(): RandomStream[] {
    const { seed, config } = this.#options;
    return Array.from({ length: config.windowsPerStep }, (_, window) =>
      // The name of the first one is that of the only one.
      randomStream(seed, 'pretraining', this.#draw, ...(window === 0 ? [] : [window])),
    );
  }

  /** Of one window, which `random` draws. */
  #passOf(window: number, random: RandomStream): WindowPass {
    const { seed } = this.#options;
    const drawn = drawAnnotatedWindow(this.#options, random, (effect) =>
      randomStream(seed, 'augmentation', effect, this.#draw, window),
    );
    try {
      return this.#windowPass(drawn.image, drawn.labels, drawn.noise, drawn.noiseSeed);
    } finally {
      disposeAnnotated(drawn);
    }
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

  /** Frees the optimiser, the average and the recordings. */
  dispose(): void {
    this.#windowPass.dispose();
    this.#meanStep.dispose();
    this.#optimiser.dispose();
    this.#average?.dispose();
  }
}
