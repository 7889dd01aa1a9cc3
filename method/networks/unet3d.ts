/**
 * The 3D U-Net that policy, critic and reward networks share (method.md 3), with its own reverse mode: a training pass
 * keeps only what its backward pass reads, and the backward pass frees it on its way.
 */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import type { RandomStream } from '../../ground/random.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import type { Gradients } from './gradients.ts';
import {
  ConvolutionBlock,
  DecoderLevel,
  type DecoderPass,
  Head,
  type KeptBlock,
  type KeptDecoderLevel,
} from './layers.ts';
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
import { planUNet, type UNetConfig, type UNetPlan } from './unet-plan.ts';

export type { Gradients } from './gradients.ts';
export type { UNetConfig } from './unet-plan.ts';

/** The tensors of a training pass: what one recorded step returns and another takes, to go backward there. */
export interface KeptPass {
  readonly outputs: readonly tf.Tensor5D[];
  readonly encoder: readonly KeptBlock[];
  readonly decoder: readonly KeptDecoderLevel[];
}

/**
 * A forward pass whose gradients can be asked for once. It owns its tensors, `outputs` too: call `dispose` when done.
 */
export interface TrainingPass {
  /** Logits [batch, time, row, column, channel], then those of the deep-supervision heads, finest first. */
  readonly outputs: readonly tf.Tensor5D[];
  /**
   * Gradients by parameter, given the loss's gradient by each output (null for none; they stay the caller's).
   * Convolution biases are absent, their gradient is zero. Call once, before `dispose` and before the parameters
   * change; the result belongs to the caller.
   */
  backward(outputGradients: readonly (tf.Tensor5D | null)[]): Gradients;
  /** What the pass holds, before it went backward; `UNet3D.passOver` makes it a pass again. */
  readonly kept: KeptPass;
  /** Frees everything that the pass still holds; allowed at any time, also twice. */
  dispose(): void;
}

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
    const coarseOf = (level: number) => (decoder[level - 1] ?? encoder.at(-1)!).output;
    const skipOf = (level: number) => encoder[encoder.length - 2 - level]!.output;
    this.#decoder.forEach((layer, level) => {
      decoder.push(layer.forwardForTraining(coarseOf(level), skipOf(level), remadeFrom));
    });
    // Output i reads the decoder level i above the finest.
    const outputs = this.#readers.map((head, index) => tf.keep(head.forward(decoder.at(-1 - index)!.output)));
    return this.#pass(x, outputs, encoder, decoder);
  }

  /**
   * The pass over `x` that kept these tensors, which stay the caller's: what it frees is freed with them. Without any,
   * a new pass.
   */
  passOver(x: tf.Tensor5D, kept: KeptPass | undefined): TrainingPass {
    if (!kept) return this.forwardForTraining(x);
    return this.#pass(
      x,
      kept.outputs.map(ownOf),
      kept.encoder.map((block, level) => this.#encoder[level]!.passOf(block)),
      kept.decoder.map((level, index) => this.#decoder[index]!.passOf(level)),
    );
  }

  get #readers(): readonly Head[] {
    return [this.#output, ...this.#heads];
  }

  #pass(
    x: tf.Tensor5D,
    outputs: readonly tf.Tensor5D[],
    encoder: readonly LayerPass<KeptBlock>[],
    decoder: readonly DecoderPass[],
  ): TrainingPass {
    const readers = this.#readers;
    const levelOf = (output: number): DecoderPass => decoder.at(-1 - output)!;
    const coarseOf = (level: number) => (decoder[level - 1] ?? encoder.at(-1)!).output;
    const skipOf = (level: number) => encoder[encoder.length - 2 - level]!.output;
    const freeActivations = () => {
      for (const pass of [...encoder, ...decoder]) pass.dispose();
    };
    let spent = false;
    return {
      outputs,
      get kept() {
        return {
          outputs,
          encoder: encoder.map(({ kept }) => kept),
          decoder: decoder.map(({ kept }) => kept),
        };
      },
      backward: (outputGradients) => {
        if (spent)
          throw new Error('A training pass goes backward once; make a new one with forwardForTraining.');
        spent = true;
        const gradients = new Map<string, tf.Tensor>();
        const headGradient = (index: number): tf.Tensor5D | undefined => {
          const given = outputGradients[index];
          return given ? readers[index]!.backward(levelOf(index).output, given, gradients) : undefined;
        };
        const skipGradients: tf.Tensor5D[] = [];
        let gradient: tf.Tensor5D | undefined;
        for (let level = decoder.length - 1; level >= 0; level--) {
          const output = decoder.length - 1 - level;
          gradient = sumOf(gradient, output < readers.length ? headGradient(output) : undefined);
          if (!gradient) {
            // Only coarser outputs have a gradient: this level and its skip connection get none.
            continue;
          }
          const parts = decoder[level]!.backward(coarseOf(level), skipOf(level), gradient, gradients);
          gradient = parts.coarse;
          skipGradients[encoder.length - 2 - level] = parts.skip;
        }
        for (let level = encoder.length - 1; level >= 0 && gradient; level--) {
          gradient = encoder[level]!.backward(encoder[level - 1]?.output ?? x, gradient, gradients);
          gradient = sumOf(gradient, level > 0 ? skipGradients[level - 1] : undefined);
        }
        freeActivations();
        return this.#inOrder(gradients);
      },
      dispose: () => {
        spent = true;
        freeActivations();
        tf.dispose([...outputs]);
      },
    };
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

  #inOrder(gradients: ReadonlyMap<string, tf.Tensor>): Gradients {
    const names = [...this.parameters.keys()].filter((name) => gradients.has(name));
    return new Map(names.map((name) => [name, gradients.get(name)!]));
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

/** Sum of what is there; disposes the parts of a sum. */
function sumOf(a: tf.Tensor5D | undefined, b: tf.Tensor5D | undefined): tf.Tensor5D | undefined {
  if (!a || !b) return a ?? b;
  const sum: tf.Tensor5D = tf.add(a, b);
  tf.dispose([a, b]);
  return sum;
}
