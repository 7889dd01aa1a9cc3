/** nnU-Net's training: random patches with its changes, its loss, SGD along a clipped gradient, a falling rate. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import { type RandomStream, randomStream } from '../../ground/random.ts';
import { clipVector } from '../../method/networks/gradient-norm.ts';
import { disposeGradients } from '../../method/networks/gradients.ts';
import { takeArrays, withPrefix } from '../../method/networks/prefixed-arrays.ts';
import { networkPass } from '../../method/networks/training-step.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingState,
  type TrainingStep,
} from '../../method/training/training.ts';
import type { LabelledWindowSource } from '../../method/windows/training-windows.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { deeplySupervisedLoss, labelPyramid } from './deep-supervision.ts';
import { changeGreyLevels } from './grey-levels.ts';
import { drawPatch, isOnForeground, type Patch } from './patches.ts';
import type { NnUNetPlan } from './plan.ts';
import { Sgd, type SgdValues } from './sgd.ts';

const INITIAL_RATE = 0.01;
const DECAY_POWER = 0.9;
const GRADIENT_NORM = 12;
const OPTIMISER = { momentum: 0.99, weightDecay: 3e-5 } as const;

export interface NnUNetTrainingOptions {
  /** Of the plan; changed in place; stays the caller's. */
  readonly network: UNet3D;
  readonly windows: LabelledWindowSource;
  readonly plan: NnUNetPlan;
  readonly mirroring: boolean;
  readonly steps: number;
  /** Of the learning rate. */
  readonly rateFactor: number;
  readonly seed: number;
  /** Where it is one of several: each draws patches of its own. */
  readonly fold?: number | undefined;
}

const ProgressSchema = z.strictObject({ step: z.int().min(0) });
type Progress = Readonly<z.infer<typeof ProgressSchema>>;

interface Computed {
  readonly loss: tf.Scalar;
  readonly norm: tf.Scalar;
  readonly values: SgdValues;
}

export class NnUNetTraining implements Training<Progress> {
  readonly progressSchema = ProgressSchema;
  readonly #options: NnUNetTrainingOptions;
  readonly #optimiser: Sgd;
  readonly #update: RecordedStep<[tf.Tensor5D, readonly tf.Tensor4D[], tf.Scalar], Computed>;
  #step = 0;

  constructor(options: NnUNetTrainingOptions) {
    const { network, plan } = options;
    this.#options = options;
    this.#optimiser = new Sgd(network.parameters, OPTIMISER);
    this.#update = recorded(
      'nnU-Net step',
      (image: tf.Tensor5D, labels: readonly tf.Tensor4D[], rate: tf.Scalar) => {
        const { loss, gradients } = networkPass(network, image, (outputs) =>
          deeplySupervisedLoss(outputs, labels, plan),
        );
        const vector = this.#optimiser.vector.of(gradients);
        disposeGradients(gradients);
        const { clipped, norm } = clipVector(vector, GRADIENT_NORM);
        vector.dispose();
        const values = this.#optimiser.updated(clipped, rate);
        clipped.dispose();
        return { loss, norm, values };
      },
    );
  }

  get progress(): Progress {
    return { step: this.#step };
  }

  get count() {
    return { done: this.#step, total: this.#options.steps };
  }

  get done(): boolean {
    return this.#step >= this.#options.steps;
  }

  /** Whole videos: patches are z-scored by them and turned in them. */
  async ready(): Promise<void> {
    const { windows, plan } = this.#options;
    const places = Array.from({ length: plan.batch }, (_, place) => ({
      video: this.#random(place).integer(windows.count),
      startFrame: 0,
    }));
    await windows.fetch?.(places, Math.max(...places.map(({ video }) => windows.frames(video))));
  }

  /** Draws the video of a patch first. */
  #random(place: number): RandomStream {
    const { seed, fold } = this.#options;
    const name = fold === undefined ? [] : ['fold', fold];
    return randomStream(seed, 'nnunet', ...name, this.#step, place);
  }

  /** @throws DomainError Diverged when the loss or its gradient is not finite. */
  step(): TrainingStep {
    refuseStepWhenDone(this, 'nnU-Net');
    const { steps, rateFactor } = this.#options;
    const step = this.#step;
    const learningRate = rateFactor * INITIAL_RATE * (1 - step / steps) ** DECAY_POWER;
    const { image, labels } = this.#batch();
    const { loss, norm, values } = this.#update(image, labels, learningRate);
    const [lossValue, gradientNorm] = [loss, norm].map((scalar) => scalar.dataSync<'float32'>()[0]!) as [
      number,
      number,
    ];
    tf.dispose([image, ...labels, loss, norm]);
    if (!Number.isFinite(lossValue) || !Number.isFinite(gradientNorm)) {
      tf.dispose([values.velocity, ...values.parameters]);
      throw new DomainError(
        'Diverged',
        `nnU-Net gave a loss of ${lossValue} and a gradient norm of ${gradientNorm} at step ${step}`,
        { step },
      );
    }
    this.#optimiser.take(values);
    this.#step = step + 1;
    return { measures: { loss: lossValue, gradientNorm, learningRate } };
  }

  /** The patches of the step, and their labels as every output sees them. */
  #batch(): { image: tf.Tensor5D; labels: tf.Tensor4D[] } {
    const { plan } = this.#options;
    const patches = Array.from({ length: plan.batch }, (_, place) => this.#patch(place, this.#random(place)));
    const size = plan.patch as [number, number, number];
    const images = patches.map(({ image }) => image);
    const image = tf.tensor5d(joined(images, Float32Array), [plan.batch, ...size, 1], 'float32');
    const pyramids = patches.map((patch) => labelPyramid(patch.labels, plan));
    const factor = [1, 1, 1];
    const labels = plan.strides.slice(0, -1).map((stride, level) => {
      for (const axis of [0, 1, 2]) factor[axis]! *= stride[axis]!;
      const shape = size.map((length, axis) => length / factor[axis]!) as [number, number, number];
      const levels = pyramids.map((pyramid) => pyramid[level]!);
      return tf.tensor4d(joined(levels, Int32Array), [plan.batch, ...shape], 'int32');
    });
    return { image, labels };
  }

  #patch(place: number, random: RandomStream): Patch {
    const { windows, plan, mirroring } = this.#options;
    const onForeground = isOnForeground(place, plan.batch);
    const patch = drawPatch(windows, plan, { onForeground, mirroring }, random);
    const size = plan.patch as [number, number, number];
    const flat = plan.dummy2d || plan.configuration === '2d';
    return { ...patch, image: changeGreyLevels({ size, image: patch.image, flat }, random) };
  }

  state(): TrainingState<Progress> {
    return {
      arrays: {
        ...withPrefix('network', this.#options.network.toArrays()),
        ...withPrefix('velocity', this.#optimiser.toArrays()),
      },
      progress: this.progress,
    };
  }

  restore({ arrays, progress }: TrainingState<Progress>): void {
    this.#options.network.assign(takeArrays('network', arrays));
    this.#optimiser.assign(takeArrays('velocity', arrays));
    this.#step = progress.step;
  }

  dispose(): void {
    this.#update.dispose();
    this.#optimiser.dispose();
  }
}

function joined<Values extends Float32Array | Int32Array>(
  parts: readonly Values[],
  Kind: new (length: number) => Values,
): Values {
  const all = new Kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
