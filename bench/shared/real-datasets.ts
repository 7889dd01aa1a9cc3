/** The two public sets in a store, for runs and comparisons in it: they lie outside of the project and stay there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeManifest, storeDatasetFile } from '../../app/datasets/stored-dataset.ts';
import { uploadDataset } from '../../app/datasets/upload-dataset.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { type ManifestRow, parseManifest } from '../../datasets/manifest.ts';
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { sha256Of, writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys, modelKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { realSets } from './real-echo.ts';

/** Of EchoNet's human masks those of the test loops, which know the ventricle alone. */
export async function storeRealSets(store: ObjectStore, real: string): Promise<void> {
  const { source, target, targetMasks } = realSets;
  await uploadDataset(store, join(real, source), source);
  await uploadDataset(store, join(real, target), target);
  const rows = parseManifest(readFileSync(join(real, target, 'manifest.csv'), 'utf8'));
  const annotated: ManifestRow[] = [];
  for (const row of rows.filter(({ split }) => split === 'test')) {
    const mask = join(real, target, targetMasks, `${row.id}.nii.gz`);
    if (!existsSync(mask)) continue;
    await storeDatasetFile(store, datasetKeys.labels(target, row.id), readFileSync(mask));
    annotated.push({ ...row, labelled: true, annotatedLabels: [LEFT_VENTRICLE] });
  }
  await mergeManifest(store, target, annotated);
}

/** One iteration, as docs/results.md has it: there are hardly more target loops than one takes. */
export function realIteration(config: RunConfig, initialPolicy: string | undefined): RunConfig {
  return { ...config, iterations: 1, ...(initialPolicy !== undefined && { initialPolicy }) };
}

/** @returns the key of the policy file. */
export async function storePolicy(store: ObjectStore, policy: string): Promise<string> {
  const bytes = readFileSync(policy);
  const { key } = await writeArtefact(store, modelKeys.imported('source-policy', sha256Of(bytes)), bytes, {
    inputs: [],
    codeVersion: codeVersion(),
    mediaType: 'application/octet-stream',
  });
  return key;
}
