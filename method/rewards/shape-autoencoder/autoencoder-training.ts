/**
 * Trains the shape autoencoder on annotated frames by steps, then takes the range of each latent dimension over them
 * (method.md 4.2). Every step's frames, jitter and noise come from the seed and the step's number, so that a restored
 * training goes on with the same numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ShapeAutoencoderConfig } from '../../../contracts/run-config.ts';
import { DomainError } from '../../../ground/errors.ts';
import { type RandomStream, randomStream } from '../../../ground/random.ts';
import type { LabelVideo } from '../../../imaging/image.ts';
import { Adam } from '../../networks/adam.ts';
import { withoutPrefix, withPrefix } from '../../networks/prefixed-arrays.ts';
import { TrainingStep as RecordedTrainingStep } from '../../networks/training-step.ts';
import {
  refuseStepWhenDone,
  type Training,
  type TrainingCount,
  type TrainingState,
  type TrainingStep,
} from '../../training/training.ts';
import { maskShape, type ShapeAutoencoder } from './autoencoder.ts';
import { type AttributePairs, attributePairs } from './autoencoder-loss.ts';
import { autoencoderPass } from './autoencoder-pass.ts';
import { encodeFrames } from './encode-frames.ts';
import { boundsFromArrays, boundsToArrays, type LatentBounds, widenBounds } from './latent-bounds.ts';
import { registerFrame, type ShapeBox, shapeBoxOf } from './registration.ts';
import { type AttributeValues, measureAttributes, registeredAttributes } from './shape-attributes.ts';

/**
 * Shift and size of the training squares vary by up to this share of the side, so that new videos need no exact fit.
 */
const SHIFT_JITTER = 0.04;
const SIZE_JITTER = 0.08;

/** Annotated videos of the source domain, read one at a time. */
export interface ShapeSource {
  readonly count: number;
  load(index: number): LabelVideo;
}

export const AutoencoderProgressSchema = z.strictObject({
  phase: z.enum(['training', 'bounds', 'done']),
  /** Optimiser steps of the training, or videos whose latent range is taken. */
  step: z.int().min(0),
});
export type AutoencoderProgress = Readonly<z.infer<typeof AutoencoderProgressSchema>>;

export class AutoencoderTraining implements Training<AutoencoderProgress> {
  readonly progressSchema = AutoencoderProgressSchema;
  readonly #autoencoder: ShapeAutoencoder;
  readonly #source: ShapeSource;
  readonly #config: ShapeAutoencoderConfig;
  readonly #seed: number;
  readonly #optimiser: Adam;
  readonly #steps: RecordedTrainingStep<[masks: tf.Tensor5D, noise: tf.Tensor2D, pairs: AttributePairs]>;
  /** Attributes by video and frame: measured once, because they move with a square as it is jittered. */
  readonly #attributes = new Map<string, AttributeValues>();
  /** By video; undefined where there is nothing to put one around. Found once, by looking at every pixel. */
  readonly #boxes = new Map<number, ShapeBox | undefined>();
  #bounds: LatentBounds[] = [];
  #progress: AutoencoderProgress;

  /** The autoencoder is trained in place and stays the caller's. @throws DatasetInvalid when the source is empty. */
  constructor(options: { autoencoder: ShapeAutoencoder; source: ShapeSource; seed: number }) {
    const { autoencoder, source, seed } = options;
    if (source.count === 0) {
      throw new DomainError(
        'DatasetInvalid',
        'The shape autoencoder needs annotated videos of the source; there are none in its training split. Add labels to ' +
          'the source dataset or set autoencoder.enabled to false.',
      );
    }
    this.#autoencoder = autoencoder;
    this.#source = source;
    this.#config = autoencoder.config;
    this.#seed = seed;
    this.#progress = { phase: this.#config.steps > 0 ? 'training' : 'bounds', step: 0 };
    this.#optimiser = new Adam(autoencoder.parameters, { learningRate: this.#config.learningRate });
    this.#steps = new RecordedTrainingStep({
      name: 'shape autoencoder',
      optimiser: this.#optimiser,
      pass: (masks: tf.Tensor5D, noise: tf.Tensor2D, pairs: AttributePairs) =>
        autoencoderPass(autoencoder, masks, noise, pairs),
    });
  }

  get done(): boolean {
    return this.#progress.phase === 'done';
  }

  get progress(): AutoencoderProgress {
    return this.#progress;
  }

  get count(): TrainingCount {
    const { steps } = this.#config;
    const { phase, step } = this.#progress;
    const total = steps + this.#source.count;
    if (phase === 'training') return { done: step, total };
    return phase === 'bounds'
      ? { done: steps + step, total, phase: 'latent ranges' }
      : { done: total, total };
  }

  /** Range of each latent dimension over the training set; complete once the training is done. */
  get bounds(): readonly LatentBounds[] {
    return this.#bounds;
  }

  /**
   * One optimiser step, then one video of the latent range per call, of which there is nothing to measure. `loss` is
   * the total objective, `dice` the mean soft Dice of the foreground labels.
   * @throws Diverged when the loss or its gradient is not finite; DatasetInvalid when all videos it draws are empty.
   */
  step(): TrainingStep {
    refuseStepWhenDone(this, 'the training of the shape autoencoder');
    const { phase, step } = this.#progress;
    if (phase === 'training') {
      const measures = this.#train(step);
      const last = step + 1 === this.#config.steps;
      this.#progress = last ? { phase: 'bounds', step: 0 } : { phase, step: step + 1 };
      return { measures };
    }
    this.#takeBounds(this.#source.load(step));
    const last = step + 1 === this.#source.count;
    this.#progress = last ? { phase: 'done', step: 0 } : { phase, step: step + 1 };
    return { measures: {} };
  }

  /** Arrays under autoencoder/, optimiser/ and latent/. */
  state(): TrainingState<AutoencoderProgress> {
    return {
      arrays: {
        ...withPrefix('autoencoder', this.#autoencoder.toArrays()),
        ...withPrefix('optimiser', this.#optimiser.toArrays()),
        ...withPrefix('latent', boundsToArrays(this.#bounds)),
      },
      progress: this.#progress,
    };
  }

  restore({ arrays, progress }: TrainingState<AutoencoderProgress>): void {
    this.#autoencoder.assign(withoutPrefix('autoencoder', arrays));
    this.#optimiser.assign(withoutPrefix('optimiser', arrays));
    this.#bounds = boundsFromArrays(withoutPrefix('latent', arrays));
    this.#progress = progress;
  }

  /** Frees optimiser and recordings; the autoencoder stays. */
  dispose(): void {
    this.#steps.dispose();
    this.#optimiser.dispose();
  }

  #train(step: number): { loss: number; dice: number; attributeLoss: number } {
    const { masks, attributes } = this.#batchOf(step);
    const { learningRate, steps, latentDimensions, attributeWeight } = this.#config;
    const batch = attributes.length;
    const noise = noiseOf(batch, latentDimensions, randomStream(this.#seed, 'autoencoder-noise', step));
    const { order, share } = attributePairs(attributes, attributeWeight);
    const shape: [number, number, number] = [order.length / batch ** 2, batch, batch];
    const pairs = { order: tf.tensor3d(order, shape), share: tf.tensor3d(share, shape) };
    // The rate falls linearly to zero: the attribute term stays noisy, and the last steps average that noise out.
    this.#optimiser.setLearningRate(learningRate * (1 - step / steps));
    const { numbers, taken } = this.#steps.run(masks, noise, pairs);
    tf.dispose([masks, noise, pairs.order, pairs.share]);
    if (!taken) {
      throw new DomainError(
        'Diverged',
        `The shape autoencoder gave a loss of ${numbers.loss} and a gradient norm of ${numbers.gradientNorm} at step ${step}. ` +
          'Lower autoencoder.learningRate and train again.',
      );
    }
    return { loss: numbers.loss, dice: numbers.dice!, attributeLoss: numbers.attributeLoss! };
  }

  /** Frames of a few videos, a square's share of each so that reading videos does not dominate a step. */
  #batchOf(step: number): { masks: tf.Tensor5D; attributes: AttributeValues[] } {
    const random = randomStream(this.#seed, 'autoencoder', step);
    const { batchFrames, maskSize } = this.#config;
    const framesPerVideo = Math.ceil(Math.sqrt(batchFrames));
    const shape = maskShape(this.#config, batchFrames);
    const pixels = new Float32Array(tf.util.sizeFromShape(shape));
    const attributes: AttributeValues[] = [];
    let emptyVideos = 0;
    while (attributes.length < batchFrames) {
      const index = random.integer(this.#source.count);
      const video = this.#source.load(index);
      const box = this.#boxOf(index, video);
      if (!box) {
        if (++emptyVideos <= 100) continue;
        throw new DomainError(
          'DatasetInvalid',
          'The shape autoencoder found no structure in 100 annotated videos: their label maps are empty. Check the ' +
            'labels of the source dataset.',
        );
      }
      for (let i = 0; i < framesPerVideo && attributes.length < batchFrames; i++) {
        const frame = random.integer(video.frames);
        const jittered = jitter(box, random);
        const start = (attributes.length * pixels.length) / batchFrames;
        const target = pixels.subarray(start, start + pixels.length / batchFrames);
        registerFrame(video, frame, jittered, maskSize, target);
        attributes.push(registeredAttributes(this.#attributesOf(index, video, frame), jittered, maskSize));
      }
    }
    return { masks: tf.tensor5d(pixels, shape), attributes };
  }

  #boxOf(index: number, video: LabelVideo): ShapeBox | undefined {
    if (!this.#boxes.has(index)) this.#boxes.set(index, shapeBoxOf(video));
    return this.#boxes.get(index);
  }

  #attributesOf(index: number, video: LabelVideo, frame: number): AttributeValues {
    const key = `${index}/${frame}`;
    let values = this.#attributes.get(key);
    if (!values) {
      values = measureAttributes(video, frame);
      this.#attributes.set(key, values);
    }
    return values;
  }

  #takeBounds(video: LabelVideo): void {
    const box = shapeBoxOf(video);
    if (!box) return;
    this.#bounds = widenBounds(
      this.#bounds,
      encodeFrames(this.#autoencoder, video, box),
      this.#config.latentDimensions,
    );
  }
}

function jitter(box: ShapeBox, random: RandomStream): ShapeBox {
  const around = (spread: number) => spread * (2 * random.uniform() - 1);
  const side = box.side * (1 + around(SIZE_JITTER));
  const centred = (edge: number) => edge + (box.side - side) / 2 + box.side * around(SHIFT_JITTER);
  return { top: centred(box.top), left: centred(box.left), side };
}

function noiseOf(batch: number, dimensions: number, random: RandomStream): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: batch * dimensions }, () => random.normal()),
    [batch, dimensions],
  );
}
