/** The networks that a person names: files, or a model in the store with the reward networks that judged it. */
import { stat } from 'node:fs/promises';
import type { RewardNetwork } from '../../method/ppo/reward-networks.ts';
import { currentDeployment, storeOf } from '../connections.ts';
import { loadChampionModel, loadChampionRewards } from '../models/champion.ts';
import { type LoadedModel, loadModelFile, type PresetName } from './load-model.ts';
import { loadRewardFiles } from './reward-networks.ts';

/** True when `model` means a file, there or not, and not a name in the store. */
export async function isModelFile(model: string): Promise<boolean> {
  if (/[/\\]/.test(model) || model.endsWith('.safetensors')) return true;
  return (await stat(model).catch(() => undefined))?.isFile() ?? false;
}

export interface NamedNetworks {
  readonly model: string;
  readonly preset?: PresetName | undefined;
  readonly rewards?: readonly string[];
  readonly optimise?: boolean;
  readonly uncertainty?: boolean;
}

/**
 * The policy, and the reward networks where something asks for them; the caller disposes all of them.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid, StorageUnavailable
 */
export async function loadNamedNetworks(
  { model, preset, rewards = [], optimise, uncertainty }: NamedNetworks,
  fromFile: boolean,
): Promise<{ model: LoadedModel; rewards: readonly RewardNetwork[] }> {
  const named = await loadRewardFiles(rewards);
  if (fromFile) return { model: await loadModelFile(model, preset), rewards: named };
  const store = storeOf(await currentDeployment());
  const judges = (optimise || uncertainty) && named.length === 0;
  return {
    rewards: judges ? await loadChampionRewards(store, model) : named,
    model: await loadChampionModel(store, model),
  };
}
