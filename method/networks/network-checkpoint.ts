/** A network as one safetensors file: weights under PyTorch's names, kind and configuration in the metadata. */
import { z } from 'zod';
import { UNetShapeSchema } from '../../contracts/network-shape.ts';
import { DomainError } from '../../ground/errors.ts';
import type { NamedArrays } from './named-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { UNet3D, type UNetConfig } from './unet3d.ts';

export const networkKinds = ['policy', 'critic', 'anatomical-reward', 'landmark-reward'] as const;
export type NetworkKind = (typeof networkKinds)[number];

const UNetConfigSchema = UNetShapeSchema.safeExtend({
  inputChannels: z.int().min(1),
  outputChannels: z.int().min(1),
  deepSupervision: z.boolean(),
  variant: z.literal('nnunet').exactOptional(),
});

/**
 * Serialises weights and configuration. `extra` goes into the metadata as it is (such as a temperature as text); the
 * names `kind` and `config` are taken.
 */
export function encodeNetwork(
  network: UNet3D,
  kind: NetworkKind,
  extra: Readonly<Record<string, string>> = {},
): Uint8Array {
  return encodeNetworkArrays(network.config, network.toArrays(), kind, extra);
}

/** As `encodeNetwork`, from arrays that the caller has checked against the configuration. */
export function encodeNetworkArrays(
  config: UNetConfig,
  arrays: NamedArrays,
  kind: NetworkKind,
  extra: Readonly<Record<string, string>> = {},
): Uint8Array {
  return encodeSafetensors(arrays, { ...extra, kind, config: JSON.stringify(config) });
}

/**
 * Restores a network of the kind that the caller expects, or of one of several.
 * @throws DomainError CheckpointIncompatible when the file is broken, of another kind or without a configuration.
 */
export function decodeNetwork<Kind extends NetworkKind>(
  bytes: Uint8Array,
  kind: Kind | readonly Kind[],
): { network: UNet3D; kind: Kind; metadata: Readonly<Record<string, string>> } {
  const { arrays, metadata } = decodeSafetensors(bytes);
  const kinds: readonly Kind[] = typeof kind === 'string' ? [kind] : kind;
  const found = kinds.find((wanted) => wanted === metadata.kind);
  if (found === undefined) {
    throw new DomainError(
      'CheckpointIncompatible',
      `A checkpoint of kind "${kinds.join('" or "')}" is needed, this one is ${metadata.kind ? `"${metadata.kind}"` : 'of no kind'}. Give the path of such a checkpoint.`,
    );
  }
  return { network: UNet3D.fromArrays(parseConfig(metadata.config), arrays), kind: found, metadata };
}

/** The configuration in a checkpoint's metadata. @throws DomainError CheckpointIncompatible */
export function parseConfig(text: string | undefined): UNetConfig {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw new DomainError(
      'CheckpointIncompatible',
      'The checkpoint has no readable network configuration in its metadata ("config"). Save it again with this software.',
    );
  }
  const parsed = UNetConfigSchema.safeParse(value);
  if (!parsed.success) {
    throw new DomainError(
      'CheckpointIncompatible',
      `The network configuration in the checkpoint's metadata is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}
