/**
 * Finds the published U-Net in a state dict: its configuration follows from names and shapes alone, because a
 * transposed convolution's kernel is the stride that it undoes (method.md 3).
 */
import { counted } from '../../../ground/counted.ts';
import { DomainError } from '../../../ground/errors.ts';
import type { Axes3 } from '../kernels/kernel-interface.ts';
import type { NamedArrays } from '../named-arrays.ts';
import type { NetworkKind } from '../network-checkpoint.ts';
import { planUNet, type UNetConfig } from '../unet-plan.ts';
import type { LazyArrays } from './state-dict.ts';

const FIRST = 'input_block.conv1.conv.weight';
const HEAD = /^deep_supervision_heads\.\d+\.conv\.weight$/;
/** Filters of the published network never exceed this (method.md 3). */
const MOST_FILTERS = 320;

/** Channels in and out; the policy has at least two classes. */
const channels: Readonly<Record<NetworkKind, { inputs: number; outputs: 'one' | 'classes' }>> = {
  policy: { inputs: 1, outputs: 'classes' },
  critic: { inputs: 1, outputs: 'one' },
  'anatomical-reward': { inputs: 2, outputs: 'one' },
  'landmark-reward': { inputs: 2, outputs: 'one' },
};

/** Where the published training checkpoints keep the network of a kind, beside others of the same shape. */
const publishedPrefix: Readonly<Record<NetworkKind, string>> = {
  policy: 'actor.actor.net.',
  critic: 'actor.critic.net.',
  'anatomical-reward': 'net.',
  'landmark-reward': 'net.',
};

export interface FoundNetwork {
  readonly config: UNetConfig;
  /** With the published names, without the prefix; the unused ones too. */
  readonly arrays: NamedArrays;
  /** What stood before the names in the file, such as `actor.actor.net.`. */
  readonly prefix: string;
  /**
   * Names of the deep-supervision heads that nothing reads: the published network has them whether it trains them or
   * not.
   */
  readonly unused: readonly string[];
}

/**
 * The one network of the kind in the state dict.
 * @throws DomainError CheckpointIncompatible when there is none, several, or one with parts or shapes of another
 * network.
 */
export function findPublishedUNet(dictionary: LazyArrays, kind: NetworkKind): FoundNetwork {
  const { shapes } = dictionary;
  const prefixes = [...shapes.keys()]
    .filter((name) => name.endsWith(FIRST))
    .map((name) => name.slice(0, -FIRST.length));
  if (prefixes.length === 0) {
    throw incompatible(
      `expected the parameters of the published U-Net (${FIRST} and so on), found ${shapes.size} arrays without them` +
        `${shapes.size > 0 ? `, the first of which is "${[...shapes.keys()][0]}"` : ''}. Other architectures cannot be imported.`,
    );
  }
  const prefix = chosenPrefix(prefixes, shapes, kind);
  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(prefix + name);
    if (shape) return shape;
    throw incompatible(`the network has no "${prefix}${name}". Save its whole state dict.`);
  };
  const config = configOf(shapes, prefix, shapeOf, kind);
  const { parameters } = planUNet(config);
  for (const { name, shape } of parameters) {
    if (String(shapeOf(name)) !== String(shape)) {
      throw incompatible(
        `expected "${prefix}${name}" of shape [${shape}], found [${shapeOf(name)}]. This is not the published U-Net.`,
      );
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  const others = [...shapes.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter(
      (name) =>
        !known.has(name) && !(prefix === '' && prefixes.some((other) => other && name.startsWith(other))),
    );
  const strange = others.find((name) => !HEAD.test(name));
  if (strange !== undefined) {
    throw incompatible(
      `the network has "${prefix}${strange}", a part that the published U-Net does not have (attention, residual blocks and a bias of the output are not read). It would compute something else without it.`,
    );
  }
  const arrays = Object.fromEntries(
    [...known, ...others].map((name) => [name, dictionary.read(prefix + name)]),
  );
  for (const [name, { data }] of Object.entries(arrays)) {
    if (!data.every(Number.isFinite)) {
      throw incompatible(
        `"${prefix}${name}" holds NaN or infinite numbers. The training that made it diverged.`,
      );
    }
  }
  return { config, arrays, prefix, unused: others };
}

/**
 * The arrays with every head that the published code looks for, so that it loads them strictly; heads that were never
 * made are 0, as nothing reads them.
 */
export function withPublishedHeads(config: UNetConfig, arrays: NamedArrays): NamedArrays {
  const { encoder } = planUNet(config);
  const heads = encoder.slice(1, -1).map(([{ outputs }], index) => {
    const shape = [config.outputChannels, outputs, 1, 1, 1];
    const data = new Float32Array(config.outputChannels * outputs);
    return [`deep_supervision_heads.${index}.conv.weight`, { shape, data }] as const;
  });
  return { ...arrays, ...Object.fromEntries(heads.filter(([name]) => !Object.hasOwn(arrays, name))) };
}

/**
 * The prefix of the network that fits the kind; of several, the published one. Copies of the starting policy are left
 * aside.
 */
function chosenPrefix(
  prefixes: readonly string[],
  shapes: ReadonlyMap<string, readonly number[]>,
  kind: NetworkKind,
): string {
  const { inputs, outputs } = channels[kind];
  const sizesOf = (prefix: string) => ({
    inputs: shapes.get(prefix + FIRST)?.[1] ?? 0,
    outputs: shapes.get(`${prefix}output_block.conv.weight`)?.[0] ?? 0,
  });
  const fitting = prefixes.filter((prefix) => {
    const sizes = sizesOf(prefix);
    return sizes.inputs === inputs && (outputs === 'one' ? sizes.outputs === 1 : sizes.outputs > 1);
  });
  const current = fitting.filter((prefix) => !/(^|\.)old_/.test(prefix));
  if (current.includes(publishedPrefix[kind])) return publishedPrefix[kind];
  if (current.length === 1) return current[0]!;
  const text = (prefix: string) =>
    `"${prefix}" with ${sizesOf(prefix).inputs} channels in and ${sizesOf(prefix).outputs} out`;
  const wanted = `${counted(inputs, 'channel')} in and ${outputs === 'one' ? '1' : '2 or more'} out`;
  throw incompatible(
    current.length === 0
      ? `a ${kind} has ${wanted}; the file holds ${prefixes.map(text).join(', ')}. Choose another --kind, or another file.`
      : `the file holds several networks of that form: ${current.map(text).join(', ')}. Save the state dict of the one network alone.`,
  );
}

function configOf(
  shapes: ReadonlyMap<string, readonly number[]>,
  prefix: string,
  shapeOf: (name: string) => readonly number[],
  kind: NetworkKind,
): UNetConfig {
  let between = 0;
  while (shapes.has(`${prefix}downsamples.${between}.conv1.conv.weight`)) between++;
  const blocks = [
    'input_block',
    ...Array.from({ length: between }, (_, i) => `downsamples.${i}`),
    'bottleneck',
  ];
  const weights = blocks.map((block) => shapeOf(`${block}.conv1.conv.weight`));
  const baseFilters = weights[0]![0]!;
  const largest = Math.max(...weights.map(([filters]) => filters!));
  const ups = Array.from({ length: between + 1 }, (_, i) => shapeOf(`upsamples.${i}.transp_conv.weight`));
  const heads = [...shapes.keys()].some(
    (name) => name.startsWith(prefix) && HEAD.test(name.slice(prefix.length)),
  );
  return {
    baseFilters,
    maxFilters: largest < baseFilters * 2 ** (between + 1) ? largest : Math.max(largest, MOST_FILTERS),
    // Nothing undoes a stride of the first stage: the published network has none.
    strides: [[1, 1, 1], ...ups.reverse().map(axesOf)],
    kernels: weights.map(axesOf),
    inputChannels: weights[0]![1]!,
    outputChannels: shapeOf('output_block.conv.weight')[0]!,
    // Only the critic is trained with them (method.md 3).
    deepSupervision: heads && kind === 'critic',
  };
}

/** PyTorch's [.., .., row, column, time] as [time, row, column]. */
function axesOf(shape: readonly number[]): [number, number, number] {
  const [, , row, column, time] = shape;
  if (shape.length === 5) return [time!, row!, column!] satisfies Axes3;
  throw incompatible(
    `expected filters with 5 axes, found one of shape [${shape}]. Networks of single frames cannot be imported.`,
  );
}

function incompatible(reason: string): DomainError {
  return new DomainError('CheckpointIncompatible', reason);
}
