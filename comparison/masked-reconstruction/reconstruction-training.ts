/**
 * Masked reconstruction: cubes of source and target windows are hidden and made up by the network, which so learns what
 * ultrasound of both looks like without a label. Ours: the paper does not say which masked self-supervision it
 * compares.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PretrainingConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { type RandomStream, randomStream } from '../../ground/random.ts';
import { Adam } from '../../method/networks/adam.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import { networkPass, TrainingStep as RecordedTrainingStep } from '../../method/networks/training-step.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { learningRateAt } from '../../method/pretraining/schedule.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingState,
  type TrainingStep,
} from '../../method/training/training.ts';
import { drawWindow, type WindowSource, windowImage } from '../../method/windows/training-windows.ts';
import { hiddenCubes, type MaskSettings, reconstructionLoss, sectorOf } from './masks.ts';

/** As in supervised training. */
const GRADIENT_NORM = 12;

export interface ReconstructionOptions {
  /** One channel in, one out; changed in place; stays the caller's. */
  readonly network: UNet3D;
  readonly windows: WindowSource;
  readonly config: Pick<PretrainingConfig, 'learningRate' | 'warmupSteps' | 'steps'>;
  readonly masks: MaskSettings;
  readonly seed: number;
  readonly windowFrames: number;
}

const ProgressSchema = z.strictObject({ step: z.int().min(0) });
type Progress = Readonly<z.infer<typeof ProgressSchema>>;

type Batch = [visible: tf.Tensor5D, image: tf.Tensor5D, counted: tf.Tensor5D];

export class ReconstructionTraining implements Training<Progress> {
  readonly progressSchema = ProgressSchema;
  readonly #options: ReconstructionOptions;
  readonly #optimiser: Adam;
  readonly #update: RecordedTrainingStep<Batch>;
  #step = 0;

  constructor(options: ReconstructionOptions) {
    const { network, config } = options;
    this.#options = options;
    this.#optimiser = new Adam(network.parameters, { learningRate: config.learningRate });
    this.#update = new RecordedTrainingStep({
      name: 'masked reconstruction step',
      optimiser: this.#optimiser,
      gradientNorm: GRADIENT_NORM,
      pass: (...[visible, image, counted]: Batch) =>
        networkPass(network, visible, ([made]) => {
          const { loss, gradient } = reconstructionLoss(made!, image, counted);
          return { loss, gradients: [gradient] };
        }),
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
    const { windows, windowFrames } = this.#options;
    await windows.fetch?.([drawWindow(windows, windowFrames, this.#random())], windowFrames);
  }

  /** Draws the place of the window of the next step, then what is hidden of it. */
  #random(): RandomStream {
    return randomStream(this.#options.seed, 'masked-reconstruction', this.#step);
  }

  /** @throws DomainError Diverged when the loss or its gradient is not finite. */
  step(): TrainingStep {
    refuseStepWhenDone(this, 'masked reconstruction');
    const { config } = this.#options;
    const step = this.#step;
    this.#optimiser.setLearningRate(learningRateAt(config, step));
    const batch = maskedWindow(this.#options, this.#random());
    const { numbers, taken } = this.#update.run(...batch);
    tf.dispose([...batch]);
    if (!taken) {
      throw new DomainError(
        'Diverged',
        `masked reconstruction gave a loss of ${numbers.loss} and a gradient norm of ${numbers.gradientNorm} at step ${step}: lower pretraining.learningRate`,
        { step },
      );
    }
    this.#step = step + 1;
    return { measures: numbers };
  }

  state(): TrainingState<Progress> {
    return {
      arrays: {
        ...withPrefix('network', this.#options.network.toArrays()),
        ...withPrefix('adam', this.#optimiser.toArrays()),
      },
      progress: this.progress,
    };
  }

  restore({ arrays, progress }: TrainingState<Progress>): void {
    this.#options.network.assign(takeArrays('network', arrays));
    this.#optimiser.assign(takeArrays('adam', arrays));
    this.#step = progress.step;
  }

  dispose(): void {
    this.#update.dispose();
    this.#optimiser.dispose();
  }
}

/** A random window: what is left of it (hidden voxels are 0), all of it, and where it is judged. To be disposed. */
export function maskedWindow(
  { windows, masks, windowFrames: frames }: Pick<ReconstructionOptions, 'windows' | 'masks' | 'windowFrames'>,
  random: RandomStream,
): Batch {
  const place = drawWindow(windows, frames, random);
  const size = { frames, rows: windows.rows(place.video), columns: windows.columns(place.video) };
  const image = windowImage(windows, place, frames);
  const hidden = hiddenCubes(size, masks, random);
  const sector = sectorOf(image, size);
  const shape: [number, number, number, number, number] = [1, frames, size.rows, size.columns, 1];
  const tensor = (values: Float32Array) => tf.tensor5d(values, shape, 'float32');
  return [
    tensor(image.map((value, i) => value * (1 - hidden[i]!))),
    tensor(image),
    tensor(hidden.map((value, i) => value * sector[i]!)),
  ];
}
