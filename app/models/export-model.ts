/** The policy of a model, or any checkpoint file, as weights for PyTorch or as a network for ONNX. */

import { readFile } from 'node:fs/promises';
import { statedPolicySettings } from '../../contracts/policy-settings.ts';
import { networkOnnx } from '../../exports/onnx/network-onnx.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { currentDeployment, storeOf } from '../connections.ts';
import { isModelFile } from '../segmentation/networks.ts';
import { requireChampion } from './champion.ts';
import type { ExportFormat } from './export-formats.ts';
import { checkpointParts, exportedWeights } from './import-weights.ts';

/**
 * Writes a state dict under the published parameters' names (Python: safetensors.torch.load_file), or an ONNX graph
 * with its weights.
 * @param model a checkpoint file, or the name of a model in the store, whose champion is meant.
 * @throws DomainError CheckpointIncompatible, ConfigInvalid when there is no such model, StorageUnavailable
 */
export async function exportModel(
  model: string,
  out: string,
  format: ExportFormat = 'safetensors',
): Promise<{ kind: NetworkKind }> {
  const checkpoint = await readCheckpoint(model);
  const { bytes, kind } = format === 'onnx' ? asOnnx(checkpoint, model) : exportedWeights(checkpoint, model);
  await writeWholeFile(out, bytes);
  return { kind };
}

function asOnnx(checkpoint: Uint8Array, origin: string): { bytes: Uint8Array; kind: NetworkKind } {
  const parts = checkpointParts(checkpoint, origin);
  const spacingMm = statedPolicySettings(parts.metadata)?.preprocessing.spacingMm;
  return { kind: parts.kind, bytes: networkOnnx({ ...parts, spacingMm, version: codeVersion() }) };
}

async function readCheckpoint(model: string): Promise<Uint8Array> {
  if (await isModelFile(model)) return readFile(model);
  const store = storeOf(await currentDeployment());
  return readArtefact(store, (await requireChampion(store, model)).policy);
}
