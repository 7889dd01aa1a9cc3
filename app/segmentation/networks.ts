/**
 * The networks that a person names, and how their videos are prepared: checkpoint files, or a model in the store with
 * its judges.
 */
import { readFile, stat } from 'node:fs/promises';
import { PolicySettingsSchema, statedPolicySettings } from '../../contracts/policy-settings.ts';
import type { PresetName } from '../../contracts/preset-names.ts';
import { presets } from '../../contracts/presets.ts';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError, namingOrigin } from '../../ground/errors.ts';
import { decodeNetwork } from '../../method/networks/network-checkpoint.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { Reward } from '../../method/rewards/reward.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import { decodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { rewardNetworksOf } from '../../storage/reward-lineage.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { currentDeployment, storeOf } from '../connections.ts';
import { requireChampion } from '../models/champion.ts';
import { loadRewardFiles } from './reward-networks.ts';
import type { SegmentationSettings } from './segment-video.ts';

export interface LoadedModel extends SegmentationSettings {
  readonly policy: UNet3D;
}

/** True when `model` means a file, there or not, and not a name in the store. */
export async function isModelFile(model: string): Promise<boolean> {
  if (/[/\\]/.test(model) || model.endsWith('.safetensors')) return true;
  return (await stat(model).catch(() => undefined))?.isFile() ?? false;
}

export interface NamedNetworks {
  readonly model: string;
  readonly preset?: PresetName | undefined;
  readonly rewards?: readonly string[];
  /** A file of linear shapes, for a policy that brings none. */
  readonly shapes?: string | undefined;
  readonly optimise?: boolean;
  readonly uncertainty?: boolean;
}

/**
 * The policy, and the reward where something asks for one; the caller disposes both.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid, StorageUnavailable
 */
export async function loadNamedNetworks(
  named: NamedNetworks,
  fromFile: boolean,
): Promise<{ model: LoadedModel; reward: Reward | undefined }> {
  const given = named.shapes === undefined ? undefined : await loadShapesFile(named.shapes);
  const store = fromFile ? undefined : storeOf(await currentDeployment());
  const model = store
    ? await loadChampionModel(store, named.model, given, named.preset)
    : { ...(await loadModelFile(named.model, named.preset)), shapes: given };
  try {
    if (given) requireCompletion(model, named.model);
    return { model, reward: await rewardOf(named, store) };
  } catch (error) {
    model.policy.dispose();
    throw error;
  }
}

async function rewardOf(
  { model, rewards = [], optimise, uncertainty }: NamedNetworks,
  store: ObjectStore | undefined,
): Promise<Reward | undefined> {
  if (rewards.length > 0) return loadRewardFiles(rewards);
  return store && (optimise || uncertainty) ? loadChampionReward(store, model) : undefined;
}

/** @throws DomainError ConfigInvalid for shapes that nothing would use. */
function requireCompletion({ inference }: LoadedModel, model: string): void {
  if (inference.completion.enabled) return;
  throw new DomainError(
    'ConfigInvalid',
    `--shapes is used where segmentations are completed, and the settings of ${model} do not ask for that (inference.completion.enabled). Leave --shapes out.`,
  );
}

/**
 * The network is the caller's to dispose.
 * @param given shapes for a champion that has none, such as an imported policy.
 * @param preset says how videos were prepared where neither the champion's run nor its checkpoint does.
 * @throws DomainError ConfigInvalid, also for shapes or a preset that are given beside the champion's own;
 * ArtefactMissing, CheckpointIncompatible
 */
export async function loadChampionModel(
  store: ObjectStore,
  model: string,
  given?: LinearShapes,
  preset?: PresetName,
): Promise<LoadedModel> {
  const champion = await requireChampion(store, model);
  if (champion.shapes && given) {
    throw new DomainError(
      'ConfigInvalid',
      `--shapes goes with a policy that brings none; the model ${model} of the store has its own. Leave --shapes out.`,
    );
  }
  const shapes = champion.shapes ? await storedShapes(store, champion.shapes) : given;
  const config = champion.config && (await readArtefact(store, champion.config));
  const policy = await readArtefact(store, champion.policy);
  return { ...modelOf(policy, champion.policy.key, config && settingsOfConfig(config), preset), shapes };
}

async function storedShapes(store: ObjectStore, reference: ArtefactRef): Promise<LinearShapes> {
  const bytes = await readArtefact(store, reference);
  return namingOrigin(reference.key, () => decodeLinearShapes(bytes));
}

/**
 * The reward of the champion: of the networks that its entry names, or else of those that it was fine-tuned against.
 * @throws DomainError ConfigInvalid when there are none. The caller disposes it.
 */
export async function loadChampionReward(store: ObjectStore, model: string): Promise<Reward> {
  const champion = await requireChampion(store, model);
  const references = champion.rewardNetworks ?? (await rewardNetworksOf(store, champion.policy.key));
  if (references.length === 0) {
    throw new DomainError(
      'ConfigInvalid',
      `The champion of ${model} was not made by a run with a reward network, so it has none. Add --reward FILE, or give it one: npx echoloop import WEIGHTS --kind anatomical-reward --name ${model}`,
    );
  }
  const checkpoints = references.map(async (reference) => ({
    bytes: await readArtefact(store, reference),
    origin: reference.key,
  }));
  return Reward.fromCheckpoints(await Promise.all(checkpoints));
}

/**
 * The policy of a checkpoint file.
 * @param preset says how videos were prepared where the checkpoint does not.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid, also for a preset where the checkpoint
 * does. The network is the caller's to dispose.
 */
async function loadModelFile(file: string, preset: PresetName | undefined): Promise<LoadedModel> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new DomainError(
      'ArtefactMissing',
      `${file}: the checkpoint cannot be read (${error.code}). --model takes a .safetensors file of a policy, or the name of a model in the store.`,
    );
  });
  return modelOf(bytes, file, undefined, preset);
}

/** @throws DomainError ArtefactMissing, CheckpointIncompatible */
async function loadShapesFile(file: string): Promise<LinearShapes> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new DomainError(
      'ArtefactMissing',
      `${file}: the linear shapes cannot be read (${error.code}). --shapes takes the file linear-shapes/shapes.safetensors of a run.`,
    );
  });
  return namingOrigin(file, () => decodeLinearShapes(bytes));
}

/**
 * The policy in the bytes, prepared for by `settings`, or else by what the checkpoint itself says; by the preset where
 * neither is known.
 * @throws DomainError ConfigInvalid for a preset beside them: masks of videos prepared otherwise would be worse in
 * silence.
 */
export function modelOf(
  bytes: Uint8Array,
  origin: string,
  settings: SegmentationSettings | undefined,
  preset?: PresetName,
): LoadedModel {
  const { network, metadata } = namingOrigin(origin, () => decodeNetwork(bytes, 'policy'));
  const stated = settings ?? statedPolicySettings(metadata);
  if (stated && preset === undefined) return { policy: network, ...stated };
  if (!stated && preset !== undefined) return { policy: network, ...settingsOfPreset(preset) };
  network.dispose();
  if (stated) {
    throw new DomainError(
      'ConfigInvalid',
      `${origin}: --preset is for a policy of which nothing says how its videos were prepared, and this one comes with that. Leave --preset out.`,
    );
  }
  throw new DomainError(
    'ConfigInvalid',
    `${origin}: the checkpoint does not say how its videos were prepared (no "preprocessing" in its metadata). Name the preset that it was trained with: --preset tiny, real, small or paper.`,
  );
}

/** What a run's stored config.json says about preparing videos; undefined when it is none. */
function settingsOfConfig(json: Uint8Array): SegmentationSettings | undefined {
  try {
    return PolicySettingsSchema.parse(JSON.parse(Buffer.from(json).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** How the videos of a preset are prepared. */
export function settingsOfPreset(preset: PresetName): SegmentationSettings {
  return PolicySettingsSchema.parse(RunConfigSchema.parse({ ...presets[preset], source: '-', target: '-' }));
}

/** What a checkpoint's metadata says of the settings, each section as JSON. */
export function statedSections(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const sections = Object.keys(PolicySettingsSchema.shape);
  return Object.fromEntries(Object.entries(metadata).filter(([section]) => sections.includes(section)));
}
