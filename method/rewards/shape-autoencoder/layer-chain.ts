/** Layers one after the other, forward and backward: the encoder or the decoder of the shape autoencoder. */
import * as tf from '@tensorflow/tfjs-core';
import {
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
  upsample,
  upsampleFilterGradient,
  upsampleInputGradient,
} from '../../networks/convolution.ts';
import { LEAKY_SLOPE } from '../../networks/kernels/kernel-interface.ts';
import type { LayerPlan } from './autoencoder-plan.ts';

type Parameters = ReadonlyMap<string, tf.Variable>;

/** Output of every layer, kept for the backward pass; `activations[i]` is the input of layer i. */
export interface ChainPass {
  readonly activations: readonly tf.Tensor[];
  readonly output: tf.Tensor;
  /** Frees the outputs of all layers; the input stays the caller's. */
  dispose(): void;
}

/** The last layer's output, within the caller's tidy. */
export function runThrough(layers: readonly LayerPlan[], x: tf.Tensor, parameters: Parameters): tf.Tensor {
  return layers.reduce((current, layer) => forward(layer, current, parameters), x);
}

/** As `runThrough`, keeping every layer's output. */
export function forwardThrough(
  layers: readonly LayerPlan[],
  x: tf.Tensor,
  parameters: Parameters,
): ChainPass {
  const activations = [x];
  for (const layer of layers)
    activations.push(tf.tidy(() => forward(layer, activations.at(-1)!, parameters)));
  return { activations, output: activations.at(-1)!, dispose: () => tf.dispose(activations.slice(1)) };
}

/**
 * Adds the gradients of the chain's parameters to `gradients` and gives the gradient by its input, for the caller to
 * dispose; nothing when the first layer is a convolution, which reads masks.
 */
export function backwardThrough(
  layers: readonly LayerPlan[],
  pass: ChainPass,
  outputGradient: tf.Tensor,
  parameters: Parameters,
  gradients: Map<string, tf.Tensor>,
): tf.Tensor | undefined {
  let gradient: tf.Tensor | undefined = outputGradient;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i]!;
    const readsMask = i === 0 && layer.kind === 'convolution';
    const before: tf.Tensor = gradient!;
    const results: { input: tf.Tensor | undefined; weight?: tf.Tensor; bias?: tf.Tensor } = tf.tidy(
      () =>
        backward(
          layer,
          { x: pass.activations[i]!, y: pass.activations[i + 1]!, dy: before },
          parameters,
          readsMask,
        ) as never,
    );
    if ('name' in layer) {
      gradients.set(`${layer.name}.weight`, results.weight!);
      gradients.set(`${layer.name}.bias`, results.bias!);
    }
    if (before !== outputGradient) before.dispose();
    gradient = results.input;
  }
  return gradient;
}

function forward(layer: LayerPlan, x: tf.Tensor, parameters: Parameters): tf.Tensor {
  switch (layer.kind) {
    case 'flattening':
      return tf.reshape(x, [x.shape[0]!, -1]);
    case 'dense': {
      const product = tf.matMul(
        x as tf.Tensor2D,
        weightOf(layer.name, parameters) as tf.Tensor2D,
        false,
        true,
      );
      const expanded = leaky(tf.add(product, biasOf(layer.name, parameters)));
      return tf.reshape(expanded, [x.shape[0]!, 1, layer.size, layer.size, layer.channels]);
    }
    case 'convolution': {
      const convolved = convolve(x as tf.Tensor5D, filterOf(layer.name, parameters), layer.strides);
      const shifted = tf.add(convolved, biasOf(layer.name, parameters));
      return layer.activated ? leaky(shifted) : shifted;
    }
    case 'upsampling': {
      const raised = upsample(x as tf.Tensor5D, filterOf(layer.name, parameters), layer.strides);
      return leaky(tf.add(raised, biasOf(layer.name, parameters)));
    }
  }
}

/** Input, output and output gradient of a layer. */
interface LayerPass {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  readonly dy: tf.Tensor;
}

function backward(
  layer: LayerPlan,
  { x, y, dy }: LayerPass,
  parameters: Parameters,
  readsMask: boolean,
): { input: tf.Tensor | undefined; weight?: tf.Tensor; bias?: tf.Tensor } {
  switch (layer.kind) {
    case 'flattening':
      return { input: tf.reshape(dy, x.shape) };
    case 'dense': {
      const slope = tf.reshape(leakyGradient(y, dy), [x.shape[0]!, -1]) as tf.Tensor2D;
      return {
        input: tf.matMul(slope, weightOf(layer.name, parameters) as tf.Tensor2D),
        weight: tf.matMul(slope, x as tf.Tensor2D, true, false),
        bias: tf.sum(slope, 0),
      };
    }
    case 'convolution': {
      const slope = (layer.activated ? leakyGradient(y, dy) : dy) as tf.Tensor5D;
      const filter = filterOf(layer.name, parameters);
      const inputShape = x.shape as tf.Tensor5D['shape'];
      return {
        input: readsMask ? undefined : convolveInputGradient(slope, filter, layer.strides, inputShape),
        weight: convolveFilterGradient(x as tf.Tensor5D, slope, layer.strides, filter.shape),
        bias: tf.sum(slope, [0, 1, 2, 3]),
      };
    }
    case 'upsampling': {
      const slope = leakyGradient(y, dy) as tf.Tensor5D;
      const filter = filterOf(layer.name, parameters);
      return {
        input: upsampleInputGradient(slope, filter, layer.strides),
        weight: upsampleFilterGradient(x as tf.Tensor5D, slope, layer.strides, filter.shape),
        bias: tf.sum(slope, [0, 1, 2, 3]),
      };
    }
  }
}

function leaky(x: tf.Tensor): tf.Tensor {
  return tf.maximum(x, tf.mul(x, LEAKY_SLOPE));
}

/** From the activated output, which has the sign of the input. */
function leakyGradient(y: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  return tf.where(tf.greater(y, 0), dy, tf.mul(dy, LEAKY_SLOPE));
}

function weightOf(name: string, parameters: Parameters): tf.Tensor {
  return parameters.get(`${name}.weight`)!;
}

function filterOf(name: string, parameters: Parameters): tf.Tensor5D {
  return weightOf(name, parameters) as tf.Tensor5D;
}

function biasOf(name: string, parameters: Parameters): tf.Tensor {
  return parameters.get(`${name}.bias`)!;
}
