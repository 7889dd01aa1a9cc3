/**
 * The 3D U-Net that policy, critic and reward networks share (method.md 3), with its own reverse mode (unet-pass.ts).
 */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import type { RandomStream } from '../../ground/random.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { ConvolutionBlock, DecoderLevel, type DecoderPass, Head, type KeptBlock } from './layers.ts';
import type { NamedArrays } from './named-arrays.ts';
import { type LayerPass, ownOf } from './normalised-convolution.ts';
import {
  assignParameters,
  createParameters,
  type HeldParameters,
  holdParameters,
  hostArrays,
  initialArrays,
} from './parameters.ts';
import { inputsOf, type KeptPass, type PassParts, TrainingPass } from './unet-pass.ts';
import { planUNet, type UNetConfig, type UNetPlan } from './unet-plan.ts';

export type { TrainingPass } from './unet-pass.ts';
export type { UNetConfig } from './unet-plan.ts';

/**
 * Elements from which a tensor inside a layer is made again by the backward pass instead of kept: 32 MiB. A full-size
 * window keeps a third less for it; no window of the small presets has one as large.
 */
const REMADE_FROM = 2 ** 23;

export class UNet3D {
  readonly config: UNetConfig;
  /** PyTorch's names in PyTorch's order; filters in TensorFlow's layout (parameters.ts). */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #plan: UNetPlan;
  readonly #encoder: readonly ConvolutionBlock[];
  readonly #decoder: readonly DecoderLevel[];
  readonly #output: Head;
  readonly #heads: readonly Head[];
  readonly #logits: RecordedStep<[tf.Tensor5D], tf.Tensor5D>;

  private constructor(config: UNetConfig, plan: UNetPlan, arrays: NamedArrays) {
    this.config = config;
    this.#plan = plan;
    this.parameters = createParameters(plan.parameters, arrays);
    this.#encoder = plan.encoder.map(
      (block, level) => new ConvolutionBlock(block, this.parameters, level === 0),
    );
    this.#decoder = plan.decoder.map(({ up, block }) => new DecoderLevel(up, block, this.parameters));
    this.#output = new Head(plan.output, this.parameters);
    this.#heads = plan.heads.map((head) => new Head(head, this.parameters));
    this.#logits = recorded('U-Net', (x: tf.Tensor5D) => this.#forward(x));
  }

  /**
   * A new network: Kaiming normal filters, unit scales, zero biases.
   * @throws DomainError ConfigInvalid
   */
  static initialise(config: UNetConfig, random: RandomStream): UNet3D {
    const plan = planUNet(config);
    return new UNet3D(config, plan, initialArrays(plan.parameters, random));
  }

  /**
   * A network with given weights in PyTorch's names and layouts; arrays that the configuration does not need are
   * ignored.
   * @throws DomainError CheckpointIncompatible when one is missing or has another shape.
   */
  static fromArrays(config: UNetConfig, arrays: NamedArrays): UNet3D {
    return new UNet3D(config, planUNet(config), arrays);
  }

  /**
   * Logits [batch, time, row, column, outputChannels] of x [batch, time, row, column, inputChannels]; frees everything
   * else. Recorded by itself, or a part of the step that is being recorded.
   * @throws DomainError GeometryMismatch when a size is not a multiple of the strides.
   */
  forward(x: tf.Tensor5D): tf.Tensor5D {
    this.#check(x);
    return this.#logits(x);
  }

  #forward(x: tf.Tensor5D): tf.Tensor5D {
    return tf.tidy(() => {
      const skips: tf.Tensor5D[] = [];
      let current = x;
      for (const block of this.#encoder) {
        current = block.forward(current);
        skips.push(current);
      }
      skips.pop();
      for (const level of this.#decoder) {
        const skip = skips.pop()!;
        const next = level.forward(current, skip);
        tf.dispose([current, skip]);
        current = next;
      }
      return this.#output.forward(current);
    });
  }

  /**
   * As `forward`, with the deep-supervision outputs, keeping what the gradients need. Works inside and outside of tidy.
   * `x` stays the caller's, who keeps it until the backward pass is over. `remadeFrom` trades time for memory, not
   * numbers.
   * @throws DomainError GeometryMismatch
   */
  forwardForTraining(x: tf.Tensor5D, remadeFrom = REMADE_FROM): TrainingPass {
    this.#check(x);
    const encoder: LayerPass<KeptBlock>[] = [];
    for (const block of this.#encoder) {
      encoder.push(block.forwardForTraining(encoder.at(-1)?.output ?? x, remadeFrom));
    }
    const decoder: DecoderPass[] = [];
    this.#decoder.forEach((layer, level) => {
      const { coarse, skip } = inputsOf(level, encoder, decoder);
      decoder.push(layer.forwardForTraining(coarse, skip, remadeFrom));
    });
    // Output i reads the decoder level i above the finest.
    const outputs = this.#readers.map((head, index) => tf.keep(head.forward(decoder.at(-1 - index)!.output)));
    return this.#pass({ x, outputs, encoder, decoder });
  }

  /**
   * The pass over `x` that kept these tensors, which stay the caller's: what it frees is freed with them. Without any,
   * a new pass.
   */
  passOver(x: tf.Tensor5D, kept: KeptPass | undefined): TrainingPass {
    if (!kept) return this.forwardForTraining(x);
    return this.#pass({
      x,
      outputs: kept.outputs.map(ownOf),
      encoder: kept.encoder.map((block, level) => this.#encoder[level]!.passOf(block)),
      decoder: kept.decoder.map((level, index) => this.#decoder[index]!.passOf(level)),
    });
  }

  get #readers(): readonly Head[] {
    return [this.#output, ...this.#heads];
  }

  #pass(parts: Pick<PassParts, 'x' | 'outputs' | 'encoder' | 'decoder'>): TrainingPass {
    return new TrainingPass({ ...parts, heads: this.#readers, parameterNames: [...this.parameters.keys()] });
  }

  /** Host copies of the parameters, PyTorch's names and layouts. */
  toArrays(): NamedArrays {
    return hostArrays(this.parameters);
  }

  /**
   * Overwrites all parameters, all or none.
   * @throws DomainError CheckpointIncompatible when an array is missing or has another shape.
   */
  assign(arrays: NamedArrays): void {
    assignParameters(this.#plan.parameters, this.parameters, arrays);
  }

  /** Holds the parameters on the device, to go back to. */
  hold(): HeldParameters {
    return holdParameters(this.parameters);
  }

  dispose(): void {
    this.#logits.dispose();
    tf.dispose([...this.parameters.values()]);
  }

  #check(x: tf.Tensor5D): void {
    const { multiples } = this.#plan;
    const sizes = x.shape.slice(1, 4);
    const fits = sizes.every((size, axis) => size > 0 && size % multiples[axis]! === 0);
    if (x.shape.length !== 5 || x.shape[4] !== this.config.inputChannels || !fits) {
      throw new DomainError(
        'GeometryMismatch',
        `The network takes [batch, time, rows, columns, ${this.config.inputChannels}] with time, rows and columns multiples of ` +
          `${multiples.join(', ')}; it was given [${x.shape}]. Crop or pad the video first (preprocessing.multiple).`,
      );
    }
  }
}
