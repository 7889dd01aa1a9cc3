/**
 * Convolution, instance norm and leaky ReLU, the layer that a U-Net is made of. A training pass keeps what its backward
 * pass needs and nothing else: the output of the convolution, the two moments and its own output (which the next layer
 * reads anyway). Inputs are the caller's, who gives them to the backward pass once more.
 */
import * as tf from '@tensorflow/tfjs-core';
import { convolve, convolveFilterGradient, convolveInputGradient } from './convolution.ts';
import type { NormActivation } from './kernels/kernel-interface.ts';
import { networkKernels } from './kernels/kernels.ts';
import type { ConvolutionPlan } from './unet-plan.ts';

export type Parameters = ReadonlyMap<string, tf.Variable>;

/** What the pass of a convolution keeps; an activation that is made again is absent. */
export interface KeptConvolution {
  readonly convolved: tf.Tensor5D;
  readonly activation: NormActivation | undefined;
}

/** A forward pass that can go backward once. */
export interface LayerPass<Kept> {
  readonly output: tf.Tensor5D;
  /** The tensors that `passOf` of its layer makes the same pass of. */
  readonly kept: Kept;
  /**
   * Adds the gradients of the layer's parameters to `gradients` and gives the gradient by the input, or nothing where
   * that is the image. `x` is the forward pass's input. Frees `outputGradient` and what the pass kept, `output` too.
   */
  backward(
    x: tf.Tensor5D,
    outputGradient: tf.Tensor5D,
    gradients: Map<string, tf.Tensor>,
  ): tf.Tensor5D | undefined;
  /** Frees what the pass kept; allowed at any time. */
  dispose(): void;
}

export interface NormalisedConvolutionPass extends LayerPass<KeptConvolution> {
  /** Frees the output, which is made again when it is asked for. */
  release(): void;
}

/** A tensor over the same data that outlives the present tidy and can be freed by itself. */
export function ownOf<Value extends tf.Tensor>(tensor: Value): Value {
  return tf.keep(tf.clone(tensor));
}

export function filterOf(parameters: Parameters, name: string): tf.Tensor5D {
  return parameters.get(name) as tf.Tensor as tf.Tensor5D;
}

function vectorOf(parameters: Parameters, name: string): tf.Tensor1D {
  return parameters.get(name) as tf.Tensor as tf.Tensor1D;
}

/**
 * Convolution -> instance norm -> leaky ReLU. The convolution's bias is not added: instance norm subtracts it again, so
 * it changes nothing and its gradient is exactly zero (which is why gradients leave it out).
 */
export class NormalisedConvolution {
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
    const convolved = tf.keep(convolve(x, this.#filter, this.#plan.strides));
    return this.#pass(convolved, this.#activate(convolved));
  }

  passOf({ convolved, activation }: KeptConvolution): NormalisedConvolutionPass {
    return this.#pass(
      ownOf(convolved),
      activation && { output: ownOf(activation.output), saved: activation.saved.map(ownOf) },
    );
  }

  #activate(convolved: tf.Tensor5D): NormActivation {
    const activation = networkKernels().normActivate(convolved, this.#scale, this.#offset);
    for (const tensor of [activation.output, ...activation.saved]) tf.keep(tensor);
    return activation;
  }

  #pass(convolved: tf.Tensor5D, made: NormActivation | undefined): NormalisedConvolutionPass {
    const { name, strides } = this.#plan;
    let activation = made;
    const activated = (): NormActivation => {
      activation ??= this.#activate(convolved);
      return activation;
    };
    const release = () => {
      if (activation) tf.dispose([activation.output, ...activation.saved]);
      activation = undefined;
    };
    return {
      get output() {
        return activated().output;
      },
      get kept() {
        return { convolved, activation };
      },
      release,
      backward: (x, outputGradient, gradients) => {
        const forward = activated();
        const norm = networkKernels().normActivateGradient(outputGradient, convolved, this.#scale, forward);
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
