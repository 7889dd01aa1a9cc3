/**
 * The layers of the U-Net above single convolutions: blocks of two, decoder levels and heads. What is large and quickly
 * made again is not kept by a training pass but made again. Inputs are the caller's, who gives them to the backward
 * pass once more.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
  upsample,
  upsampleFilterGradient,
  upsampleInputGradient,
} from './convolution.ts';
import {
  filterOf,
  type KeptConvolution,
  type LayerPass,
  NormalisedConvolution,
  type NormalisedConvolutionPass,
  ownOf,
  type Parameters,
} from './normalised-convolution.ts';
import type { ConvolutionPlan } from './unet-plan.ts';

export interface KeptBlock {
  readonly first: KeptConvolution;
  readonly second: KeptConvolution;
}

export interface KeptDecoderLevel {
  /** Absent where it is made again. */
  readonly joined: tf.Tensor5D | undefined;
  readonly block: KeptBlock;
}

/** Two normalised convolutions; the stride is on the first. */
export class ConvolutionBlock {
  readonly #first: NormalisedConvolution;
  readonly #second: NormalisedConvolution;

  constructor(
    plans: readonly [ConvolutionPlan, ConvolutionPlan],
    parameters: Parameters,
    readsImage = false,
  ) {
    this.#first = new NormalisedConvolution(plans[0], parameters, readsImage);
    this.#second = new NormalisedConvolution(plans[1], parameters, false);
  }

  forward(x: tf.Tensor5D): tf.Tensor5D {
    const middle = this.#first.forward(x);
    const output = this.#second.forward(middle);
    middle.dispose();
    return output;
  }

  /** Middle outputs of `remadeFrom` elements and more are not kept but made again by the backward pass. */
  forwardForTraining(x: tf.Tensor5D, remadeFrom: number): LayerPass<KeptBlock> {
    const first = this.#first.forwardForTraining(x);
    const second = this.#second.forwardForTraining(first.output);
    if (first.output.size >= remadeFrom) first.release();
    return blockPass(first, second);
  }

  /** The pass that kept these tensors, which stay the caller's. */
  passOf({ first, second }: KeptBlock): LayerPass<KeptBlock> {
    return blockPass(this.#first.passOf(first), this.#second.passOf(second));
  }
}

function blockPass(
  first: NormalisedConvolutionPass,
  second: NormalisedConvolutionPass,
): LayerPass<KeptBlock> {
  return {
    output: second.output,
    get kept() {
      return { first: first.kept, second: second.kept };
    },
    backward: (x, outputGradient, gradients) =>
      first.backward(x, second.backward(first.output, outputGradient, gradients)!, gradients),
    dispose: () => {
      first.dispose();
      second.dispose();
    },
  };
}

export interface DecoderPass {
  readonly output: tf.Tensor5D;
  readonly kept: KeptDecoderLevel;
  /** As LayerPass.backward, with one gradient for each of the two inputs. */
  backward(
    coarse: tf.Tensor5D,
    skip: tf.Tensor5D,
    outputGradient: tf.Tensor5D,
    gradients: Map<string, tf.Tensor>,
  ): { readonly coarse: tf.Tensor5D; readonly skip: tf.Tensor5D };
  dispose(): void;
}

/** Transposed convolution of the coarser level, concatenated with the skip connection as [up, skip], then a block. */
export class DecoderLevel {
  readonly #plan: ConvolutionPlan;
  readonly #filter: tf.Tensor5D;
  readonly #bias: Bias;
  readonly #block: ConvolutionBlock;

  constructor(
    up: ConvolutionPlan,
    block: readonly [ConvolutionPlan, ConvolutionPlan],
    parameters: Parameters,
  ) {
    this.#plan = up;
    this.#filter = filterOf(parameters, `${up.name}.weight`);
    this.#bias = new Bias(`${up.name}.bias`, parameters);
    this.#block = new ConvolutionBlock(block, parameters);
  }

  forward(coarse: tf.Tensor5D, skip: tf.Tensor5D): tf.Tensor5D {
    const joined = this.#join(coarse, skip);
    const output = this.#block.forward(joined);
    joined.dispose();
    return output;
  }

  /** `remadeFrom` as in ConvolutionBlock, for the concatenation too. */
  forwardForTraining(coarse: tf.Tensor5D, skip: tf.Tensor5D, remadeFrom: number): DecoderPass {
    const joined = tf.keep(this.#join(coarse, skip));
    const block = this.#block.forwardForTraining(joined, remadeFrom);
    if (joined.size < remadeFrom) return this.#pass(joined, block);
    joined.dispose();
    return this.#pass(undefined, block);
  }

  /** The pass that kept these tensors, which stay the caller's. */
  passOf({ joined, block }: KeptDecoderLevel): DecoderPass {
    return this.#pass(joined && ownOf(joined), this.#block.passOf(block));
  }

  #pass(kept: tf.Tensor5D | undefined, block: LayerPass<KeptBlock>): DecoderPass {
    const { name, strides, outputs } = this.#plan;
    return {
      output: block.output,
      get kept() {
        return { joined: kept, block: block.kept };
      },
      backward: (coarse, skip, outputGradient, gradients) => {
        const joined = kept ?? this.#join(coarse, skip);
        const joinedGradient = block.backward(joined, outputGradient, gradients)!;
        joined.dispose();
        const [upGradient, skipGradient] = tf.split(joinedGradient, [outputs, outputs], 4) as [
          tf.Tensor5D,
          tf.Tensor5D,
        ];
        joinedGradient.dispose();
        gradients.set(
          `${name}.weight`,
          upsampleFilterGradient(coarse, upGradient, strides, this.#filter.shape),
        );
        this.#bias.backward(upGradient, gradients);
        const coarseGradient = upsampleInputGradient(upGradient, this.#filter, strides);
        upGradient.dispose();
        return { coarse: coarseGradient, skip: skipGradient };
      },
      dispose: () => {
        kept?.dispose();
        block.dispose();
      },
    };
  }

  #join(coarse: tf.Tensor5D, skip: tf.Tensor5D): tf.Tensor5D {
    const up = this.#bias.added(upsample(coarse, this.#filter, this.#plan.strides));
    const joined = tf.concat([up, skip], 4);
    up.dispose();
    return joined;
  }
}

/** What is added to every voxel of a channel, where the network's variant has it. */
class Bias {
  readonly #name: string;
  readonly #values: tf.Tensor | undefined;

  constructor(name: string, parameters: Parameters) {
    this.#name = name;
    this.#values = parameters.get(name);
  }

  /** Frees what it is given. */
  added(x: tf.Tensor5D): tf.Tensor5D {
    if (!this.#values) return x;
    const sum: tf.Tensor5D = tf.add(x, this.#values);
    x.dispose();
    return sum;
  }

  /** `outputGradient` stays the caller's. */
  backward(outputGradient: tf.Tensor5D, gradients: Map<string, tf.Tensor>): void {
    if (this.#values) gradients.set(this.#name, tf.sum(outputGradient, [0, 1, 2, 3]));
  }
}

/** 1x1x1 convolution: the logits of a decoder level. */
export class Head {
  readonly #name: string;
  readonly #filter: tf.Tensor5D;
  readonly #bias: Bias;

  constructor(plan: ConvolutionPlan, parameters: Parameters) {
    this.#name = `${plan.name}.conv.weight`;
    this.#filter = filterOf(parameters, this.#name);
    this.#bias = new Bias(`${plan.name}.conv.bias`, parameters);
  }

  forward(x: tf.Tensor5D): tf.Tensor5D {
    return this.#bias.added(convolve(x, this.#filter, [1, 1, 1]));
  }

  /** Gradient by x; `outputGradient` stays the caller's. */
  backward(x: tf.Tensor5D, outputGradient: tf.Tensor5D, gradients: Map<string, tf.Tensor>): tf.Tensor5D {
    this.#bias.backward(outputGradient, gradients);
    gradients.set(this.#name, convolveFilterGradient(x, outputGradient, [1, 1, 1], this.#filter.shape));
    return convolveInputGradient(outputGradient, this.#filter, [1, 1, 1], x.shape);
  }
}
