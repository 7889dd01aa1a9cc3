/** A policy and how its videos have to be prepared, from a checkpoint file or from the champion of a model in the store. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { presets } from '../../contracts/presets.ts';
import {
  InferenceSchema,
  OptimisationSchema,
  PreprocessingSchema,
  RunConfigSchema,
} from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { decodeNetwork } from '../../method/networks/network-checkpoint.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import type { SegmentationSettings } from './segment-video.ts';

export type PresetName = keyof typeof presets;

export interface LoadedModel extends SegmentationSettings {
  readonly policy: UNet3D;
}

/** The part of a run's configuration that segmentation needs; the rest may be anything. */
const SettingsSchema = z.object({
  preprocessing: PreprocessingSchema,
  inference: InferenceSchema.prefault({}),
  optimisation: OptimisationSchema.prefault({}),
});

/**
 * The policy of a checkpoint file.
 * @param preset says how videos were prepared where the checkpoint does not.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid. The network is the caller's to dispose.
 */
export async function loadModelFile(file: string, preset: PresetName | undefined): Promise<LoadedModel> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new DomainError(
      'ArtefactMissing',
      `${file}: the checkpoint cannot be read (${error.code}). --model takes a .safetensors file of a policy, or the name of a model in the store.`,
    );
  });
  return modelOf(bytes, file, preset === undefined ? undefined : settingsOfPreset(preset));
}

/** The policy in the bytes, prepared for by `settings`, or else by what the checkpoint itself says. */
export function modelOf(
  bytes: Uint8Array,
  origin: string,
  settings: SegmentationSettings | undefined,
): LoadedModel {
  let decoded: ReturnType<typeof decodeNetwork>;
  try {
    decoded = decodeNetwork(bytes, 'policy');
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.code, `${origin}: ${error.message}`, error.details, { cause: error });
  }
  const { network, metadata } = decoded;
  const stated = settings ?? statedSettings(metadata);
  if (stated) return { policy: network, ...stated };
  network.dispose();
  throw new DomainError(
    'ConfigInvalid',
    `${origin}: the checkpoint does not say how its videos were prepared (no "preprocessing" in its metadata). Name the preset that it was trained with: --preset tiny, small or paper.`,
  );
}

/** What a run's stored config.json says about preparing videos; undefined when it is none. */
export function settingsOfConfig(json: Uint8Array): SegmentationSettings | undefined {
  try {
    return SettingsSchema.parse(JSON.parse(Buffer.from(json).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** How the videos of a preset are prepared. */
export function settingsOfPreset(preset: PresetName): SegmentationSettings {
  return SettingsSchema.parse(RunConfigSchema.parse({ ...presets[preset], source: '-', target: '-' }));
}

/** What a checkpoint's metadata says of the settings, each section as JSON. */
export function statedSections(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const sections = Object.keys(SettingsSchema.shape);
  return Object.fromEntries(Object.entries(metadata).filter(([section]) => sections.includes(section)));
}

function statedSettings(metadata: Readonly<Record<string, string>>): SegmentationSettings | undefined {
  if (metadata.preprocessing === undefined) return undefined;
  const stated = Object.entries(statedSections(metadata));
  return settingsOfConfig(Buffer.from(`{${stated.map(([section, json]) => `"${section}":${json}`).join()}}`));
}
