/** The policy of a model, or any checkpoint file, as weights for PyTorch. */
import { readFile } from 'node:fs/promises';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { currentDeployment, storeOf } from '../connections.ts';
import { isModelFile } from '../segmentation/networks.ts';
import { requireChampion } from './champion.ts';
import { exportedWeights } from './import-weights.ts';

/**
 * Writes a state dict under the published parameters' names (Python: safetensors.torch.load_file).
 * @param model a checkpoint file, or the name of a model in the store, whose champion is meant.
 * @throws DomainError CheckpointIncompatible, ConfigInvalid when there is no such model, StorageUnavailable
 */
export async function exportModel(model: string, out: string): Promise<{ kind: NetworkKind }> {
  const { bytes, kind } = exportedWeights(await readCheckpoint(model), model);
  await writeWholeFile(out, bytes);
  return { kind };
}

async function readCheckpoint(model: string): Promise<Uint8Array> {
  if (await isModelFile(model)) return readFile(model);
  const store = storeOf(await currentDeployment());
  return readArtefact(store, (await requireChampion(store, model)).policy);
}
