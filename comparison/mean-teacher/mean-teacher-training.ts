/**
 * Training of a student and its mean teacher (UA-MT): a labelled window of the source and one of the target without
 * labels in every step, which is one call of TensorFlow. A step follows from the state and the seed alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AugmentationConfig } from '../../contracts/augmentation.ts';
import type { PretrainingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { randomStream } from '../../ground/random.ts';
import { disposeAnnotated, drawAnnotatedWindow, noisy } from '../../method/augmentation/annotated-window.ts';
import type { GreyNoise } from '../../method/augmentation/grey-noise.ts';
import { Adam } from '../../method/networks/adam.ts';
import { disposeGradients, type Gradients } from '../../method/networks/gradients.ts';
import { drawSeed, standardNormal } from '../../method/networks/kernels/noise.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { networkPass, TrainingStep as RecordedTrainingStep } from '../../method/networks/training-step.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { learningRateAt } from '../../method/pretraining/schedule.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingState,
  type TrainingStep,
} from '../../method/training/training.ts';
import {
  drawLabelledWindow,
  drawWindow,
  imageWindow,
  type LabelledWindowSource,
  type WindowPlace,
  type WindowSource,
} from '../../method/windows/training-windows.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { consistencyLoss, entropyOf, entropyThreshold, probabilitiesOf, sigmoidRamp } from './consistency.ts';

/** As in supervised training. */
const GRADIENT_NORM = 12;

export interface MeanTeacherSettings {
  /** Noisy passes of the teacher that its uncertainty is the entropy of. */
  readonly passes: number;
  /** Standard deviation of the noise on grey levels, clipped at twice that. */
  readonly noise: number;
  /** Of the consistency at the end of its ramp. */
  readonly weight: number;
  /** Of the teacher's average, in later steps. */
  readonly decay: number;
}

export interface MeanTeacherOptions {
  /** Changed in place; stays the caller's. */
  readonly student: UNet3D;
  readonly source: LabelledWindowSource;
  readonly target: WindowSource;
  readonly config: Pick<PretrainingConfig, 'learningRate' | 'warmupSteps' | 'steps'>;
  readonly settings: MeanTeacherSettings;
  readonly augmentation: AugmentationConfig;
  readonly spacingMm: number;
  readonly seed: number;
  readonly windowFrames: number;
}

const ProgressSchema = z.strictObject({ step: z.int().min(0) });
type Progress = Readonly<z.infer<typeof ProgressSchema>>;

type Batch = [
  image: tf.Tensor5D,
  labels: tf.Tensor4D,
  noise: GreyNoise<tf.Scalar>,
  noiseSeed: tf.Tensor1D,
  unlabelled: tf.Tensor5D,
  seeds: readonly tf.Tensor1D[],
  weight: tf.Scalar,
  threshold: tf.Scalar,
];

export class MeanTeacherTraining implements Training<Progress> {
  readonly progressSchema = ProgressSchema;
  /** The average of the student; freed with the training. */
  readonly teacher: UNet3D;
  readonly #options: MeanTeacherOptions;
  readonly #optimiser: Adam;
  readonly #update: RecordedTrainingStep<Batch>;
  readonly #follow: RecordedStep<[tf.Scalar, tf.Scalar], void>;
  #step = 0;

  constructor(options: MeanTeacherOptions) {
    const { student, config } = options;
    this.#options = options;
    this.teacher = UNet3D.fromArrays(student.config, student.toArrays());
    this.#optimiser = new Adam(student.parameters, { learningRate: config.learningRate });
    this.#update = new RecordedTrainingStep({
      name: 'mean teacher step',
      optimiser: this.#optimiser,
      gradientNorm: GRADIENT_NORM,
      pass: (...batch: Batch) => this.#pass(...batch),
    });
    this.#follow = recorded('mean teacher', (kept: tf.Scalar, share: tf.Scalar) => {
      tf.tidy(() => {
        for (const [name, average] of this.teacher.parameters) {
          average.assign(tf.add(tf.mul(average, kept), tf.mul(student.parameters.get(name)!, share)));
        }
      });
    });
  }

  get progress(): Progress {
    return { step: this.#step };
  }

  get count() {
    return { done: this.#step, total: this.#options.config.steps };
  }

  get done(): boolean {
    return this.#step >= this.#options.config.steps;
  }

  async ready(): Promise<void> {
    const { source, target, seed, windowFrames } = this.#options;
    const random = randomStream(seed, 'mean-teacher', this.#step);
    await source.fetch?.([drawLabelledWindow(source, windowFrames, random)], windowFrames);
    await target.fetch?.([this.#targetPlace()], windowFrames);
  }

  #targetPlace(): WindowPlace {
    const { target, seed, windowFrames } = this.#options;
    return drawWindow(target, windowFrames, randomStream(seed, 'mean-teacher-target', this.#step));
  }

  /** @throws DomainError Diverged when a loss or the gradient is not finite. */
  step(): TrainingStep {
    refuseStepWhenDone(this, 'the mean teacher');
    const { config, settings, source, target, seed, windowFrames } = this.#options;
    const step = this.#step;
    const random = randomStream(seed, 'mean-teacher', step);
    const drawn = drawAnnotatedWindow({ ...this.#options, windows: source }, random, (effect) =>
      randomStream(seed, 'augmentation', effect, step, 0),
    );
    const unlabelled = imageWindow(target, this.#targetPlace(), windowFrames);
    const seeds = Array.from({ length: settings.passes + 1 }, () => drawSeed(random));
    const progress = step / config.steps;
    this.#optimiser.setLearningRate(learningRateAt(config, step));
    const { numbers, taken } = this.#update.run(
      drawn.image,
      drawn.labels,
      drawn.noise,
      drawn.noiseSeed,
      unlabelled,
      seeds,
      settings.weight * sigmoidRamp(progress),
      entropyThreshold(progress, this.teacher.config.outputChannels),
    );
    disposeAnnotated(drawn);
    tf.dispose([unlabelled, ...seeds]);
    if (!taken) {
      throw new DomainError(
        'Diverged',
        `the mean teacher gave a loss of ${numbers.loss} and a gradient norm of ${numbers.gradientNorm} at step ${step}: lower pretraining.learningRate`,
        { step },
      );
    }
    const decay = Math.min(1 - 1 / (step + 1), settings.decay);
    this.#follow(decay, 1 - decay);
    this.#step = step + 1;
    return { measures: numbers };
  }

  /** Half of the supervised loss, as published, and the consistency times its weight. */
  #pass(...[plain, labels, noise, noiseSeed, unlabelled, seeds, weight, threshold]: Batch) {
    const { student } = this.#options;
    const image = noisy(plain, noise, noiseSeed);
    const supervised = networkPass(student, image, ([logits]) => {
      const { loss, gradient } = supervisedLoss(logits!, labels);
      const half: tf.Tensor5D = tf.mul(gradient, 0.5);
      gradient.dispose();
      return { loss, gradients: [half] };
    });
    image.dispose();
    const { teacher, uncertainty } = this.#teach(unlabelled, seeds);
    const consistent = networkPass(student, unlabelled, ([logits]) => {
      const { loss, gradient, kept } = consistencyLoss(logits!, teacher, uncertainty, threshold);
      const weighted: tf.Tensor5D = tf.mul(gradient, weight);
      gradient.dispose();
      return { loss, gradients: [weighted], numbers: { kept } };
    });
    tf.dispose([teacher, uncertainty]);
    const loss = tf.tidy(
      () => tf.add(tf.mul(supervised.loss, 0.5), tf.mul(consistent.loss, weight)) as tf.Scalar,
    );
    return {
      loss,
      gradients: sumOf(supervised.gradients, consistent.gradients),
      numbers: { supervised: supervised.loss, consistency: consistent.loss, kept: consistent.numbers!.kept! },
    };
  }

  /** The teacher on one noisy copy of the window, and the entropy of its mean over the others. */
  #teach(window: tf.Tensor5D, [last, ...seeds]: readonly tf.Tensor1D[]) {
    const { noise } = this.#options.settings;
    const noisy = (seed: tf.Tensor1D): tf.Tensor5D =>
      tf.tidy(() => {
        const drawn = tf.mul(standardNormal<tf.Rank.R5>(window.shape, seed), noise);
        const copy = tf.add(window, tf.clipByValue(drawn, -2 * noise, 2 * noise)) as tf.Tensor5D;
        return probabilitiesOf(this.teacher.forward(copy));
      });
    const uncertainty = tf.tidy(() => entropyOf(tf.div(tf.addN(seeds.map(noisy)), seeds.length)));
    return { teacher: noisy(last!), uncertainty };
  }

  state(): TrainingState<Progress> {
    return {
      arrays: {
        ...withPrefix('student', this.#options.student.toArrays()),
        ...withPrefix('studentAdam', this.#optimiser.toArrays()),
        ...withPrefix('teacher', this.teacher.toArrays()),
      },
      progress: this.progress,
    };
  }

  restore({ arrays, progress }: TrainingState<Progress>): void {
    this.#options.student.assign(takeArrays('student', arrays));
    this.#optimiser.assign(takeArrays('studentAdam', arrays));
    this.teacher.assign(takeArrays('teacher', arrays));
    this.#step = progress.step;
  }

  dispose(): void {
    this.#update.dispose();
    this.#follow.dispose();
    this.#optimiser.dispose();
    this.teacher.dispose();
  }
}

/** Sum by name; frees the parts. */
function sumOf(first: Gradients, second: Gradients): Gradients {
  const sum = new Map([...first].map(([name, gradient]) => [name, tf.add(gradient, second.get(name)!)]));
  disposeGradients(first);
  disposeGradients(second);
  return sum;
}
