/**
 * Weights made elsewhere as a checkpoint of this project: PyTorch files and safetensors in, kind and configuration
 * added.
 */
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { policySettings } from '../../contracts/policy-settings.ts';
import type { PresetName } from '../../contracts/preset-names.ts';
import { DomainError, namingOrigin } from '../../ground/errors.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import {
  encodeNetworkArrays,
  type NetworkKind,
  networkKinds,
  parseConfig,
} from '../../method/networks/network-checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { isNnUNet, openNnUNetCheckpoint } from '../../method/networks/torch/nnunet-checkpoint.ts';
import { findPublishedUNet, withPublishedHeads } from '../../method/networks/torch/published-unet.ts';
import { type LazyArrays, openStateDict } from '../../method/networks/torch/state-dict.ts';
import { isZip } from '../../method/networks/torch/torch-zip.ts';
import { inPlaneMultiple, planUNet, type UNetConfig } from '../../method/networks/unet-plan.ts';
import { settingsOfPreset, statedSections } from '../segmentation/networks.ts';

/** One buffer of Node. */
const LARGEST_FILE = 2 ** 31 - 1;

export interface ImportOptions {
  readonly kind: NetworkKind;
  /** How videos were prepared for a policy; what the file says, or the published configuration, when left out. */
  readonly preset?: PresetName | undefined;
  /** Of an anatomical reward network; what the file says, or 1, when left out. */
  readonly temperature?: number | undefined;
}

export interface ImportedNetwork {
  /** A checkpoint file of this project. */
  readonly bytes: Uint8Array;
  readonly config: UNetConfig;
  readonly parameters: number;
  /** What stood before the names in the file. */
  readonly prefix: string;
  /** Arrays that nothing reads; they are kept for those who export it again. */
  readonly unused: readonly string[];
}

/**
 * Reads .safetensors, and the zip files of torch.save (.pt, .pth, .ckpt) without running what they say.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, FormatUnsupported, LimitExceeded, ConfigInvalid naming
 * the file.
 */
export async function importWeights(file: string, options: ImportOptions): Promise<ImportedNetwork> {
  const bytes = await readWeights(file);
  return namingOrigin(file, () => importedNetwork(bytes, options));
}

function importedNetwork(bytes: Uint8Array, { kind, preset, temperature }: ImportOptions): ImportedNetwork {
  const { dictionary, metadata } = openWeights(bytes);
  const stated = networkKinds.find((known) => known === metadata.kind);
  if (stated !== undefined && stated !== kind) {
    throw new DomainError(
      'CheckpointIncompatible',
      `the file says that it is a ${stated}, not a ${kind}. Import it with --kind ${stated}.`,
    );
  }
  if (temperature !== undefined && kind !== 'anatomical-reward') {
    throw new DomainError(
      'ConfigInvalid',
      `only the anatomical reward is scaled by a temperature (method.md 5.3). Leave --temperature out for a ${kind}.`,
    );
  }
  if (preset !== undefined && kind !== 'policy') {
    throw new DomainError(
      'ConfigInvalid',
      `how videos are prepared is kept with the policy. Leave --preset out for a ${kind}.`,
    );
  }
  if (isNnUNet(dictionary)) return importedNnUNet(bytes, kind, preset);
  const { config, arrays, prefix, unused } = findPublishedUNet(dictionary, kind);
  const extra = {
    ...(kind === 'policy' && preparation(metadata, preset)),
    ...(kind === 'anatomical-reward' && { temperature: String(temperature ?? metadata.temperature ?? 1) }),
  };
  return {
    bytes: encodeNetworkArrays(config, arrays, kind, extra),
    config,
    parameters: Object.values(arrays).reduce((sum, { data }) => sum + data.length, 0),
    prefix,
    unused,
  };
}

/**
 * A checkpoint of nnU-Net v2 as a policy, for videos at its own pixel size. Grey levels are those of all policies, in
 * [0, 1] where nnU-Net has z-scores: the norm after the first convolution undoes the difference but at the edges.
 */
function importedNnUNet(
  bytes: Uint8Array,
  kind: NetworkKind,
  preset: PresetName | undefined,
): ImportedNetwork {
  if (kind !== 'policy') {
    throw new DomainError(
      'CheckpointIncompatible',
      `this is a segmentation network of nnU-Net, not a ${kind}. Import it as a policy.`,
    );
  }
  const { config, arrays, spacingMm } = openNnUNetCheckpoint(bytes);
  const settings = settingsOfPreset(preset ?? 'paper');
  const preprocessing = {
    spacingMm: Math.sqrt(spacingMm[0] * spacingMm[1]),
    multiple: inPlaneMultiple(planUNet(config)),
    clahe: { ...settings.preprocessing.clahe, enabled: false },
  };
  return {
    bytes: encodeNetworkArrays(config, arrays, kind, policySettings({ ...settings, preprocessing })),
    config,
    parameters: Object.values(arrays).reduce((sum, { data }) => sum + data.length, 0),
    prefix: '',
    unused: [],
  };
}

function preparation(
  metadata: Readonly<Record<string, string>>,
  preset: PresetName | undefined,
): Readonly<Record<string, string>> {
  if (preset === undefined && metadata.preprocessing !== undefined) return statedSections(metadata);
  return policySettings(settingsOfPreset(preset ?? 'paper'));
}

function openWeights(bytes: Uint8Array): {
  dictionary: LazyArrays;
  metadata: Readonly<Record<string, string>>;
} {
  if (isZip(bytes)) return { dictionary: openStateDict(bytes), metadata: {} };
  // A pickle begins with its protocol; a safetensors file with a small number, then a brace.
  if (bytes[0] === 0x80 && bytes[8] !== 0x7b) {
    throw new DomainError(
      'FormatUnsupported',
      'this is a bare pickle, as PyTorch wrote them before 1.6 and as other programs do; only the zip files of torch.save are read. In Python, where the file is trusted: torch.save(torch.load(FILE), OUT), and import OUT.',
    );
  }
  const { arrays, metadata } = decodeSafetensors(bytes);
  return { dictionary: lazily(arrays), metadata };
}

function lazily(arrays: NamedArrays): LazyArrays {
  return {
    shapes: new Map(Object.entries(arrays).map(([name, { shape }]) => [name, shape])),
    read: (name) => arrays[name]!,
  };
}

async function readWeights(file: string): Promise<Uint8Array> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_FILE) {
      throw new DomainError(
        'LimitExceeded',
        `${file}: expected at most ${LARGEST_FILE} bytes, found ${size}. Save the state dict of the one network alone.`,
      );
    }
    return await handle.readFile().catch((error: NodeJS.ErrnoException) => {
      throw unreadable(file, error);
    });
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, { code }: NodeJS.ErrnoException): DomainError {
  return new DomainError(
    'ArtefactMissing',
    `${file}: the weights cannot be read (${code}). Expected a .safetensors file or one that torch.save wrote (.pt, .pth, .ckpt).`,
  );
}

/** A checkpoint of this project taken apart. @throws DomainError CheckpointIncompatible when it is none. */
export function checkpointParts(
  bytes: Uint8Array,
  origin: string,
): {
  arrays: NamedArrays;
  metadata: Readonly<Record<string, string>>;
  kind: NetworkKind;
  config: UNetConfig;
} {
  return namingOrigin(origin, () => {
    const { arrays, metadata } = decodeSafetensors(bytes);
    const kind = z.enum(networkKinds).safeParse(metadata.kind);
    if (kind.success) return { arrays, metadata, kind: kind.data, config: parseConfig(metadata.config) };
    throw new DomainError(
      'CheckpointIncompatible',
      `expected a checkpoint of this project (${networkKinds.join(', ')}), found one ${metadata.kind ? `of kind "${metadata.kind}"` : 'of no kind'}. Weights of other origin come in by: npx echoloop import`,
    );
  });
}

/**
 * A checkpoint of this project as a state dict for Python's safetensors: the published names and layouts, float32. What
 * the file says of itself stays in the metadata.
 * @throws DomainError CheckpointIncompatible when it is no network of this project.
 */
export function exportedWeights(bytes: Uint8Array, origin: string): { bytes: Uint8Array; kind: NetworkKind } {
  const { arrays, metadata, kind, config } = checkpointParts(bytes, origin);
  const all = config.variant === undefined ? withPublishedHeads(config, arrays) : arrays;
  return { bytes: encodeSafetensors(all, { ...metadata, format: 'pt' }), kind };
}
