/**
 * What a U-Net configuration stands for: its levels, and its parameters with PyTorch's names, shapes and order
 * (method.md 3).
 */

import { multiplesOf, stagesFault, type UNetShapeConfig } from '../../contracts/network-shape.ts';
import { DomainError } from '../../ground/errors.ts';
import type { Axes3 } from './kernels/kernel-interface.ts';

/** `strides` and `kernels` are [time, row, column], one entry per level, finest first. */
export interface UNetConfig extends UNetShapeConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /**
   * Adds 1x1x1 heads on the decoder levels between the two coarsest and the finest; four levels have none. In the
   * variant `nnunet` on all decoder levels but the finest, which has the output itself.
   */
  readonly deepSupervision: boolean;
  /**
   * PlainConvUNet of nnU-Net v2: transposed convolutions and heads have a bias, and a decoder level has the kernel of
   * its own encoder level. Absent: the published network (method.md 3).
   */
  readonly variant?: 'nnunet';
}

export interface ParameterPlan {
  readonly name: string;
  /** PyTorch layout: [out, in, row, column, time], transposed [in, out, row, column, time], or [channels]. */
  readonly shape: readonly number[];
  readonly role: 'filter' | 'convolutionBias' | 'bias' | 'normScale' | 'normOffset';
}

export interface ConvolutionPlan {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Axes3;
  readonly strides: Axes3;
}

export interface UNetPlan {
  /** Finest first; the last one is the bottleneck. */
  readonly encoder: readonly (readonly [ConvolutionPlan, ConvolutionPlan])[];
  /** Coarsest first. */
  readonly decoder: readonly {
    readonly up: ConvolutionPlan;
    readonly block: readonly [ConvolutionPlan, ConvolutionPlan];
  }[];
  readonly output: ConvolutionPlan;
  /** Finest first; head i reads the decoder level i + 1 above the finest. */
  readonly heads: readonly ConvolutionPlan[];
  /** Order of a PyTorch state dict. */
  readonly parameters: readonly ParameterPlan[];
  /** Rows, columns and frames of an input are multiples of these, [time, row, column]. */
  readonly multiples: Axes3;
}

const unit: Axes3 = [1, 1, 1];

/**
 * Lays out the network.
 * @throws DomainError ConfigInvalid when there is no network of these strides and kernels.
 */
export function planUNet(config: UNetConfig): UNetPlan {
  const { strides, kernels } = config;
  const levels = strides.length;
  if (levels < 2) {
    throw new DomainError('ConfigInvalid', `A U-Net has two stages or more, the configuration ${levels}.`);
  }
  const fault = stagesFault(config);
  if (fault) throw new DomainError('ConfigInvalid', `There is no U-Net of this shape: ${fault.message}.`);
  const plain = config.variant === 'nnunet';
  const filters = strides.map((_, level) => Math.min(config.baseFilters * 2 ** level, config.maxFilters));
  const block = (name: string, inputs: number, level: number, stride: Axes3, kernel: Axes3) =>
    [
      { name: `${name}.conv1`, inputs, outputs: filters[level]!, kernel, strides: stride },
      { name: `${name}.conv2`, inputs: filters[level]!, outputs: filters[level]!, kernel, strides: unit },
    ] as const;

  const encoder = strides.map((stride, level) => {
    const name =
      level === 0 ? 'input_block' : level === levels - 1 ? 'bottleneck' : `downsamples.${level - 1}`;
    return block(
      name,
      level === 0 ? config.inputChannels : filters[level - 1]!,
      level,
      stride,
      kernels[level]!,
    );
  });
  const decoder = Array.from({ length: levels - 1 }, (_, index) => {
    const level = levels - 2 - index;
    const stride = strides[level + 1]!;
    return {
      up: {
        name: `upsamples.${index}.transp_conv`,
        inputs: filters[level + 1]!,
        outputs: filters[level]!,
        kernel: stride,
        strides: stride,
      },
      block: block(
        `upsamples.${index}.conv_block`,
        2 * filters[level]!,
        level,
        unit,
        kernels[plain ? level : level + 1]!,
      ),
    };
  });
  const head = (name: string, inputs: number) => ({
    name,
    inputs,
    outputs: config.outputChannels,
    kernel: unit,
    strides: unit,
  });
  const output = head('output_block', filters[0]!);
  const headCount = config.deepSupervision ? Math.max(0, levels - (plain ? 2 : 4)) : 0;
  const heads = Array.from({ length: headCount }, (_, index) =>
    head(`deep_supervision_heads.${index}`, filters[index + 1]!),
  );
  return {
    encoder,
    decoder,
    output,
    heads,
    parameters: [
      ...encoder.flat().flatMap(blockParameters),
      ...decoder.flatMap(({ up, block }) => [
        ...withBias(transposedParameter(up), up, plain),
        ...block.flatMap(blockParameters),
      ]),
      ...[output, ...heads].flatMap((head) => withBias(headParameter(head), head, plain)),
    ],
    multiples: multiplesOf(config),
  };
}

/** Rows and columns alike are multiples of this, the least one that both of `multiples` divide. */
export function inPlaneMultiple({ multiples: [, rows, columns] }: Pick<UNetPlan, 'multiples'>): number {
  let [divisor, rest] = [rows, columns];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (rows / divisor) * columns;
}

function blockParameters({ name, inputs, outputs, kernel }: ConvolutionPlan): ParameterPlan[] {
  return [
    {
      name: `${name}.conv.weight`,
      shape: [outputs, inputs, kernel[1], kernel[2], kernel[0]],
      role: 'filter',
    },
    { name: `${name}.conv.bias`, shape: [outputs], role: 'convolutionBias' },
    { name: `${name}.norm.weight`, shape: [outputs], role: 'normScale' },
    { name: `${name}.norm.bias`, shape: [outputs], role: 'normOffset' },
  ];
}

function transposedParameter({ name, inputs, outputs, kernel }: ConvolutionPlan): ParameterPlan {
  return {
    name: `${name}.weight`,
    shape: [inputs, outputs, kernel[1], kernel[2], kernel[0]],
    role: 'filter',
  };
}

/** The filter, and its bias where the network has one. */
function withBias(filter: ParameterPlan, { outputs }: ConvolutionPlan, biased: boolean): ParameterPlan[] {
  if (!biased) return [filter];
  return [filter, { name: filter.name.replace(/weight$/, 'bias'), shape: [outputs], role: 'bias' }];
}

function headParameter({ name, inputs, outputs }: ConvolutionPlan): ParameterPlan {
  return { name: `${name}.conv.weight`, shape: [outputs, inputs, 1, 1, 1], role: 'filter' };
}
