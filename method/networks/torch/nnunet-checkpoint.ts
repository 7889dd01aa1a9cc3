/**
 * Checkpoints of nnU-Net v2 (`checkpoint_final.pth`): the weights of its PlainConvUNet under this project's names and
 * in its axis order, and what of the plans prediction needs. The pickle is read and never run.
 */
import { z } from 'zod';
import { DomainError } from '../../../ground/errors.ts';
import { type NamedArray, type NamedArrays, permuteAxes } from '../named-arrays.ts';
import { planUNet, type UNetConfig } from '../unet-plan.ts';
import type { Pickled } from './pickled-values.ts';
import { type LazyArrays, openStateDict } from './state-dict.ts';
import { openTorchZip } from './torch-zip.ts';
import { unpickle } from './unpickle.ts';

const FIRST = 'encoder.stages.0.0.convs.0.conv.weight';

const axes = z.array(z.number().positive()).min(2).max(3);
const sizes = z.array(z.int().min(1)).min(2).max(3);

const InitSchema = z.object({
  configuration: z.string(),
  plans: z.object({
    transpose_forward: z.array(z.int().min(0).max(2)).length(3),
    configurations: z.record(
      z.string(),
      z.object({
        spacing: axes,
        patch_size: sizes,
        normalization_schemes: z.array(z.string()),
        architecture: z.object({
          network_class_name: z.string(),
          arch_kwargs: z.object({
            features_per_stage: z.array(z.int().min(1)),
            strides: z.array(z.union([sizes, z.int().min(1)])),
            kernel_sizes: z.array(z.union([sizes, z.int().min(1)])),
            n_conv_per_stage: z.union([z.array(z.int()), z.int()]),
            n_conv_per_stage_decoder: z.union([z.array(z.int()), z.int()]),
          }),
        }),
      }),
    ),
  }),
});

export interface NnUNetCheckpoint {
  readonly config: UNetConfig;
  readonly arrays: NamedArrays;
  readonly configuration: '2d' | '3d_fullres';
  /** Of the pixels that it was trained on, [row, column], mm. */
  readonly spacingMm: readonly [number, number];
  /** [time, row, column]. */
  readonly patch: readonly [number, number, number];
  /** Axes along which it may be mirrored: 0 time, 1 rows, 2 columns. */
  readonly mirrored: readonly number[];
}

/** True for a state dict that holds nnU-Net's network. */
export function isNnUNet({ shapes }: Pick<LazyArrays, 'shapes'>): boolean {
  return shapes.has(FIRST);
}

/**
 * @throws DomainError CheckpointIncompatible for another architecture, grey levels that are not z-scored, or parts that
 * are missing; FormatUnsupported, LimitExceeded as openStateDict.
 */
export function openNnUNetCheckpoint(bytes: Uint8Array): NnUNetCheckpoint {
  const dictionary = openStateDict(bytes);
  if (!isNnUNet(dictionary)) throw incompatible('it holds no network of nnU-Net (PlainConvUNet)');
  const root = unpickle(openTorchZip(bytes).pickle);
  const top = root instanceof Map ? root : new Map<Pickled, Pickled>();
  const parsed = InitSchema.safeParse(plain(top.get('init_args') ?? null));
  if (!parsed.success) {
    throw incompatible(
      `its plans cannot be read (${z.prettifyError(parsed.error)}); a checkpoint of nnU-Net v2 from 2.5 on is needed`,
    );
  }
  const { plans, configuration } = parsed.data;
  const facts = plans.configurations[configuration];
  if (!facts || (configuration !== '2d' && configuration !== '3d_fullres')) {
    throw incompatible(`its configuration "${configuration}" is neither 2d nor 3d_fullres`);
  }
  refuseOtherNetworks(facts);
  // Places of time, row and column among the axes of its arrays; 2d has no time.
  const order = configuration === '2d' ? ([-1, 0, 1] as const) : placesOf(plans.transpose_forward);
  const pick = (values: number | readonly number[]): [number, number, number] => {
    const listed = typeof values === 'number' ? [values, values, values] : values;
    return order.map((place) => (place < 0 ? 1 : listed[place]!)) as [number, number, number];
  };
  const { features_per_stage, strides, kernel_sizes } = facts.architecture.arch_kwargs;
  const config = configOf(features_per_stage, strides.map(pick), kernel_sizes.map(pick), dictionary);
  const [, rowMm, columnMm] = pick(facts.spacing);
  const mirrored = top.get('inference_allowed_mirroring_axes');
  return {
    config,
    arrays: arraysOf(config, dictionary, order),
    configuration,
    spacingMm: [rowMm, columnMm],
    patch: pick(facts.patch_size),
    mirrored: Array.isArray(mirrored)
      ? mirrored.map((place) => order.indexOf(place as never)).filter((a) => a >= 0)
      : [],
  };
}

type Facts = z.infer<typeof InitSchema>['plans']['configurations'][string];

function refuseOtherNetworks({ architecture, normalization_schemes }: Facts): void {
  const { network_class_name, arch_kwargs } = architecture;
  if (!network_class_name.endsWith('.PlainConvUNet')) {
    throw incompatible(`its network is ${network_class_name}; only PlainConvUNet is read`);
  }
  const convolutions = [arch_kwargs.n_conv_per_stage, arch_kwargs.n_conv_per_stage_decoder].flat();
  if (convolutions.some((count) => count !== 2)) {
    throw incompatible(`its stages have ${convolutions.join(', ')} convolutions; only two in each are read`);
  }
  if (normalization_schemes.length !== 1 || normalization_schemes[0] !== 'ZScoreNormalization') {
    throw incompatible(
      `its channels are normalised by ${normalization_schemes.join(', ')}; one channel with ZScoreNormalization is read`,
    );
  }
}

/** Of time, row and column among axes that were transposed; files have [time, row, column]. */
function placesOf(transposed: readonly number[]): [number, number, number] {
  return [0, 1, 2].map((axis) => transposed.indexOf(axis)) as [number, number, number];
}

function configOf(
  filters: readonly number[],
  strides: UNetConfig['strides'],
  kernels: UNetConfig['kernels'],
  { shapes }: LazyArrays,
): UNetConfig {
  const [baseFilters] = filters as [number, ...number[]];
  const maxFilters = Math.max(...filters);
  if (filters.some((count, stage) => count !== Math.min(maxFilters, baseFilters * 2 ** stage))) {
    throw incompatible(`its stages have ${filters.join(', ')} filters; only doubling ones are read`);
  }
  return {
    baseFilters,
    maxFilters,
    strides,
    kernels,
    inputChannels: shapes.get(FIRST)![1]!,
    outputChannels: shapes.get(`decoder.seg_layers.${strides.length - 2}.weight`)?.[0] ?? 0,
    deepSupervision: shapes.has('decoder.seg_layers.0.weight') && strides.length > 2,
    variant: 'nnunet',
  };
}

function arraysOf(config: UNetConfig, dictionary: LazyArrays, order: readonly number[]): NamedArrays {
  const levels = config.strides.length;
  return Object.fromEntries(
    planUNet(config).parameters.map(({ name, shape }) => {
      const theirs = theirName(name, levels);
      if (!dictionary.shapes.has(theirs)) throw incompatible(`the network has no "${theirs}"`);
      const array = inOurOrder(dictionary.read(theirs), order);
      if (String(array.shape) !== String(shape)) {
        throw incompatible(`expected "${theirs}" of shape [${shape}], found [${array.shape}]`);
      }
      if (!array.data.every(Number.isFinite)) throw incompatible(`"${theirs}" holds NaN or infinite numbers`);
      return [name, array];
    }),
  );
}

/** [out, in, ...] in their axes as [out, in, row, column, time]. */
function inOurOrder(array: NamedArray, [time, row, column]: readonly number[]): NamedArray {
  if (array.shape.length === 1) return array;
  if (array.shape.length === 4) return { shape: [...array.shape, 1], data: array.data };
  return permuteAxes(array, [0, 1, 2 + row!, 2 + column!, 2 + time!]);
}

function theirName(name: string, levels: number): string {
  const [block, ...rest] = name.split(/\.(?=conv\d|transp_conv|conv_block|conv\.)/);
  const convolution = (text: string) =>
    text.replace(/^conv(\d)\./, (_, i: string) => `convs.${Number(i) - 1}.`);
  const numbered = /^(upsamples|downsamples|deep_supervision_heads)\.(\d+)$/.exec(block!);
  const index = Number(numbered?.[2]);
  const part = rest.join('.');
  if (block === 'input_block') return `encoder.stages.0.0.${convolution(part)}`;
  if (block === 'bottleneck') return `encoder.stages.${levels - 1}.0.${convolution(part)}`;
  if (numbered?.[1] === 'downsamples') return `encoder.stages.${index + 1}.0.${convolution(part)}`;
  if (block === 'output_block') return `decoder.seg_layers.${levels - 2}.${part.replace(/^conv\./, '')}`;
  if (numbered?.[1] === 'deep_supervision_heads') {
    return `decoder.seg_layers.${levels - 3 - index}.${part.replace(/^conv\./, '')}`;
  }
  if (part.startsWith('transp_conv'))
    return `decoder.transpconvs.${index}.${part.replace(/^transp_conv\./, '')}`;
  return `decoder.stages.${index}.${convolution(part.replace(/^conv_block\./, ''))}`;
}

/** Plans and the facts of a data set are some thousand values. */
const MOST_VALUES = 100_000;
const DEEPEST = 50;

/**
 * Dictionaries as objects, for a schema; tensors and names become null. What a pickle holds several times over is one
 * value there and many here, and it can hold itself: so it is counted.
 */
function plain(root: Pickled): unknown {
  let left = MOST_VALUES;
  const plainAt = (value: Pickled, depth: number): unknown => {
    if (left-- === 0 || depth > DEEPEST) {
      throw new DomainError(
        'LimitExceeded',
        `expected plans of at most ${MOST_VALUES} values, nested ${DEEPEST} deep at most, found more. This is no checkpoint of nnU-Net.`,
      );
    }
    if (value instanceof Map) {
      return Object.fromEntries(
        [...value]
          .filter(([key]) => typeof key !== 'object')
          .map(([key, item]) => [String(key), plainAt(item, depth + 1)]),
      );
    }
    if (Array.isArray(value)) return value.map((item) => plainAt(item, depth + 1));
    return typeof value === 'object' ? null : value;
  };
  return plainAt(root, 0);
}

function incompatible(reason: string): DomainError {
  return new DomainError('CheckpointIncompatible', `The checkpoint cannot be read as nnU-Net's: ${reason}.`);
}
