/** The policy of a model, or any checkpoint file, as weights for PyTorch or as a network for ONNX. */

import { readFile } from 'node:fs/promises';
import { statedPolicySettings } from '../../contracts/policy-settings.ts';
import { networkOnnx } from '../../exports/onnx/network-onnx.ts';
import { DomainError } from '../../ground/errors.ts';
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
 * with its weights; or the model's linear shapes.
 * @param model a checkpoint file, or the name of a model in the store, whose champion is meant.
 * @throws DomainError CheckpointIncompatible, ConfigInvalid when there is no such model, StorageUnavailable
 */
export async function exportModel(
  model: string,
  out: string,
  format: ExportFormat = 'safetensors',
): Promise<{ kind: NetworkKind | 'linear-shapes' }> {
  if (format === 'shapes') {
    await writeWholeFile(out, await readShapes(model));
    return { kind: 'linear-shapes' };
  }
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

async function readShapes(model: string): Promise<Uint8Array> {
  if (await isModelFile(model)) {
    throw new DomainError(
      'ConfigInvalid',
      `${model} is a file, which has no shapes beside it. Name a model in the store: npx echoloop models list`,
    );
  }
  const store = storeOf(await currentDeployment());
  const { shapes } = await requireChampion(store, model);
  if (shapes) return readArtefact(store, shapes);
  throw new DomainError(
    'ConfigInvalid',
    `The champion of ${model} has no linear shapes: the run that made it completed no segmentations (inference.completion.enabled).`,
  );
}

async function readCheckpoint(model: string): Promise<Uint8Array> {
  if (await isModelFile(model)) return readFile(model);
  const store = storeOf(await currentDeployment());
  return readArtefact(store, (await requireChampion(store, model)).policy);
}
