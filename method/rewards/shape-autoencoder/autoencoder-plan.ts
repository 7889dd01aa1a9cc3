/** What an autoencoder configuration stands for: its layers in order, and its parameters. */

import { halvingsOf, type ShapeAutoencoderConfig } from '../../../contracts/run-config.ts';
import { DomainError } from '../../../ground/errors.ts';
import { CLASS_COUNT } from '../../../ground/labels.ts';
import type { Axes3 } from '../../networks/kernels/kernel-interface.ts';
import type { ParameterPlan } from '../../networks/unet-plan.ts';

/** Filters stop doubling after this many levels. */
const DOUBLINGS = 3;

export type LayerPlan =
  | {
      readonly kind: 'convolution';
      readonly name: string;
      readonly strides: Axes3;
      readonly activated: boolean;
    }
  /** Transposed convolution whose kernel is its stride. */
  | { readonly kind: 'upsampling'; readonly name: string; readonly strides: Axes3 }
  /** [batch, 1, size, size, channels] to [batch, features]. */
  | { readonly kind: 'flattening' }
  /** [batch, latent] to [batch, 1, size, size, channels]. */
  | { readonly kind: 'dense'; readonly name: string; readonly size: number; readonly channels: number };

export interface AutoencoderPlan {
  readonly encoder: readonly LayerPlan[];
  readonly decoder: readonly LayerPlan[];
  readonly parameters: readonly ParameterPlan[];
}

/**
 * Lays out the autoencoder: halvings of the mask down to about 8 x 8, each a strided and a plain convolution, and back.
 * @throws ConfigInvalid when the mask size is not a multiple of the halvings.
 */
export function planAutoencoder(config: ShapeAutoencoderConfig): AutoencoderPlan {
  const { maskSize, baseFilters, latentDimensions } = config;
  const levels = halvingsOf(maskSize);
  const bottleneck = maskSize / 2 ** levels;
  if (!Number.isInteger(bottleneck)) {
    throw new DomainError(
      'ConfigInvalid',
      `autoencoder.maskSize must be a multiple of ${2 ** levels} to be halved ${levels} times; it is ${maskSize}.`,
    );
  }
  const channels = (level: number) => baseFilters * 2 ** Math.min(level, DOUBLINGS);
  const parameters: ParameterPlan[] = [];
  const addFilter = (name: string, shape: readonly number[], outputs: number) => {
    parameters.push({ name: `${name}.weight`, shape, role: 'filter' });
    parameters.push({ name: `${name}.bias`, shape: [outputs], role: 'convolutionBias' });
  };
  // PyTorch's layout of filters: [out, in, row, column, time], and [in, out, ...] where transposed.
  const convolution = (
    name: string,
    inputs: number,
    outputs: number,
    stride: 1 | 2,
    activated = true,
  ): LayerPlan => {
    addFilter(name, [outputs, inputs, 3, 3, 1], outputs);
    return { kind: 'convolution', name, strides: [1, stride, stride], activated };
  };
  const upsampling = (name: string, inputs: number, outputs: number): LayerPlan => {
    addFilter(name, [inputs, outputs, 2, 2, 1], outputs);
    return { kind: 'upsampling', name, strides: [1, 2, 2] };
  };

  const encoder: LayerPlan[] = [];
  for (let level = 1; level <= levels; level++) {
    const inputs = level === 1 ? CLASS_COUNT : channels(level - 1);
    encoder.push(convolution(`encoder.${level}.down`, inputs, channels(level), 2));
    encoder.push(convolution(`encoder.${level}.refine`, channels(level), channels(level), 1));
  }
  encoder.push({ kind: 'flattening' });
  const features = bottleneck ** 2 * channels(levels);
  addFilter('latent', [2 * latentDimensions, features], 2 * latentDimensions);

  addFilter('decoder.expand', [features, latentDimensions], features);
  const decoder: LayerPlan[] = [
    { kind: 'dense', name: 'decoder.expand', size: bottleneck, channels: channels(levels) },
  ];
  for (let level = levels; level >= 1; level--) {
    decoder.push(convolution(`decoder.${level}.refine`, channels(level), channels(level), 1));
    decoder.push(upsampling(`decoder.${level}.up`, channels(level), channels(level - 1)));
  }
  decoder.push(convolution('decoder.refine', channels(0), channels(0), 1));
  decoder.push(convolution('decoder.output', channels(0), CLASS_COUNT, 1, false));
  return { encoder, decoder, parameters };
}
