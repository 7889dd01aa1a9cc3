/**
 * The layers of the U-Net. A training pass of a layer keeps what its backward pass needs and nothing else: the output of its
 * convolution, the two moments and its own output (which the next layer reads anyway). What is large and quickly made again
 * is not kept but made again. Inputs are the caller's, who gives them to the backward pass once more.
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
import { networkKernels } from './kernels/kernels.ts';
import type { ConvolutionPlan } from './unet-plan.ts';

export type Parameters = ReadonlyMap<string, tf.Variable>;

/** A forward pass that can go backward once. */
export interface LayerPass {
  readonly output: tf.Tensor5D;
  /**
   * Adds the gradients of the layer's parameters to `gradients` and gives the gradient by the input, or nothing where that
   * is the image. `x` is the forward pass's input. Frees `outputGradient` and what the pass kept, `output` too.
   */
  backward(
    x: tf.Tensor5D,
    outputGradient: tf.Tensor5D,
    gradients: Map<string, tf.Tensor>,
  ): tf.Tensor5D | undefined;
  /** Frees what the pass kept; allowed at any time. */
  dispose(): void;
}

function filterOf(parameters: Parameters, name: string): tf.Tensor5D {
  return parameters.get(name) as tf.Tensor as tf.Tensor5D;
}

function vectorOf(parameters: Parameters, name: string): tf.Tensor1D {
  return parameters.get(name) as tf.Tensor as tf.Tensor1D;
}

/**
 * Convolution -> instance norm -> leaky ReLU. The convolution's bias is not added: instance norm subtracts it again, so it
 * changes nothing and its gradient is exactly zero (which is why gradients leave it out).
 */
class NormalisedConvolution {
  readonly #plan: ConvolutionPlan;
  readonly #readsImage: boolean;
  readonly #filter: tf.Tensor5D;
  readonly #scale: tf.Tensor1D;
  readonly #offset: tf.Tensor1D;

  constructor(plan: ConvolutionPlan, parameters: Parameters, readsImage: boolean) {
    this.#plan = plan;
    this.#readsImage = readsImage;
    this.#filter = filterOf(parameters, `${plan.name}.conv.weight`);
    this.#scale = vectorOf(parameters, `${plan.name}.norm.weight`);
    this.#offset = vectorOf(parameters, `${plan.name}.norm.bias`);
  }

  forward(x: tf.Tensor5D): tf.Tensor5D {
    const convolved = convolve(x, this.#filter, this.#plan.strides);
    const { output, saved } = networkKernels().normActivate(convolved, this.#scale, this.#offset);
    tf.dispose([convolved, ...saved]);
    return output;
  }

  forwardForTraining(x: tf.Tensor5D): NormalisedConvolutionPass {
    const { name, strides } = this.#plan;
    const kernels = networkKernels();
    const convolved = tf.keep(convolve(x, this.#filter, strides));
    const activate = () => {
      const made = kernels.normActivate(convolved, this.#scale, this.#offset);
      for (const tensor of [made.output, ...made.saved]) tf.keep(tensor);
      return made;
    };
    let forward = activate();
    const release = () => tf.dispose([forward.output, ...forward.saved]);
    return {
      output: forward.output,
      release,
      remake: () => {
        forward = activate();
        return forward.output;
      },
      backward: (x, outputGradient, gradients) => {
        const norm = kernels.normActivateGradient(outputGradient, convolved, this.#scale, forward);
        tf.dispose([convolved, ...forward.saved]);
        gradients.set(
          `${name}.conv.weight`,
          convolveFilterGradient(x, norm.input, strides, this.#filter.shape),
        );
        gradients.set(`${name}.norm.weight`, norm.scale);
        gradients.set(`${name}.norm.bias`, norm.offset);
        const inputGradient = this.#readsImage
          ? undefined
          : convolveInputGradient(norm.input, this.#filter, strides, x.shape);
        norm.input.dispose();
        return inputGradient;
      },
      dispose: () => {
        convolved.dispose();
        release();
      },
    };
  }
}

interface NormalisedConvolutionPass extends LayerPass {
  /** Frees the output, which `remake` must bring back before the backward pass. */
  release(): void;
  remake(): tf.Tensor5D;
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
  forwardForTraining(x: tf.Tensor5D, remadeFrom: number): LayerPass {
    const first = this.#first.forwardForTraining(x);
    const second = this.#second.forwardForTraining(first.output);
    const released = first.output.size >= remadeFrom;
    if (released) first.release();
    return {
      output: second.output,
      backward: (x, outputGradient, gradients) => {
        const middle = released ? first.remake() : first.output;
        return first.backward(x, second.backward(middle, outputGradient, gradients)!, gradients);
      },
      dispose: () => {
        first.dispose();
        second.dispose();
      },
    };
  }
}

export interface DecoderPass {
  readonly output: tf.Tensor5D;
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
  readonly #block: ConvolutionBlock;

  constructor(
    up: ConvolutionPlan,
    block: readonly [ConvolutionPlan, ConvolutionPlan],
    parameters: Parameters,
  ) {
    this.#plan = up;
    this.#filter = filterOf(parameters, `${up.name}.weight`);
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
    const { name, strides, outputs } = this.#plan;
    const kept = tf.keep(this.#join(coarse, skip));
    const block = this.#block.forwardForTraining(kept, remadeFrom);
    const released = kept.size >= remadeFrom;
    if (released) kept.dispose();
    return {
      output: block.output,
      backward: (coarse, skip, outputGradient, gradients) => {
        const joined = released ? this.#join(coarse, skip) : kept;
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
        const coarseGradient = upsampleInputGradient(upGradient, this.#filter, strides);
        upGradient.dispose();
        return { coarse: coarseGradient, skip: skipGradient };
      },
      dispose: () => {
        kept.dispose();
        block.dispose();
      },
    };
  }

  #join(coarse: tf.Tensor5D, skip: tf.Tensor5D): tf.Tensor5D {
    const up = upsample(coarse, this.#filter, this.#plan.strides);
    const joined = tf.concat([up, skip], 4);
    up.dispose();
    return joined;
  }
}

/** 1x1x1 convolution without bias: the logits of a decoder level. */
export class Head {
  readonly #name: string;
  readonly #filter: tf.Tensor5D;

  constructor(plan: ConvolutionPlan, parameters: Parameters) {
    this.#name = `${plan.name}.conv.weight`;
    this.#filter = filterOf(parameters, this.#name);
  }

  forward(x: tf.Tensor5D): tf.Tensor5D {
    return convolve(x, this.#filter, [1, 1, 1]);
  }

  /** Gradient by x; `outputGradient` stays the caller's. */
  backward(x: tf.Tensor5D, outputGradient: tf.Tensor5D, gradients: Map<string, tf.Tensor>): tf.Tensor5D {
    gradients.set(this.#name, convolveFilterGradient(x, outputGradient, [1, 1, 1], this.#filter.shape));
    return convolveInputGradient(outputGradient, this.#filter, [1, 1, 1], x.shape);
  }
}
