/**
 * What the tables are made on: phantoms of each seed, or the two public sets, which lie outside of the project and go
 * into the store of the comparison alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeManifest, storeDatasetFile } from '../../app/datasets/stored-dataset.ts';
import { uploadDataset } from '../../app/datasets/upload-dataset.ts';
import { storePhantomDatasets } from '../../app/quickstart/phantom-datasets.ts';
import { quickstart } from '../../app/quickstart/sizes.ts';
import { resolveRunConfig } from '../../app/run-config.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { type ManifestRow, parseManifest } from '../../datasets/manifest.ts';
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { sha256Of, writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys, modelKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { quickstartCounts } from '../shared/phantoms.ts';
import { realSets } from '../shared/real-echo.ts';

/** A seed of a table: its number, its store, a folder of its own. */
export interface SeedPlace {
  readonly seed: number;
  readonly store: ObjectStore;
  readonly folder: string;
}

/** Phantoms as `npm start` makes them, with as many test videos as said. */
export async function phantomDatasets(
  { seed, store, folder }: SeedPlace,
  videos: number,
): Promise<RunConfig> {
  await storePhantomDatasets(store, join(folder, 'data'), seed, quickstartCounts(videos));
  const { names, preset, iterations } = quickstart;
  return resolveRunConfig(undefined, {
    preset,
    iterations,
    seed,
    source: names.source,
    target: names.target,
  });
}

/** One iteration, as docs/results.md has it: there are hardly more target loops than one takes. */
const REAL_ITERATIONS = 1;

/**
 * CAMUS and EchoNet-Dynamic; of the latter's human masks those of the test loops, which know the ventricle alone.
 * @param real the folder of both
 * @param policy file of a source policy, instead of training one
 */
export async function realDatasets(
  { seed, store }: SeedPlace,
  real: string,
  policy: string | undefined,
): Promise<RunConfig> {
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
  const initialPolicy = policy === undefined ? undefined : await storePolicy(store, policy);
  const names = { source, target, seed, iterations: REAL_ITERATIONS };
  return resolveRunConfig(undefined, { preset: 'real', ...names, initialPolicy });
}

/** @returns its key. */
async function storePolicy(store: ObjectStore, file: string): Promise<string> {
  const bytes = readFileSync(file);
  const { key } = await writeArtefact(store, modelKeys.imported('source-policy', sha256Of(bytes)), bytes, {
    inputs: [],
    codeVersion: codeVersion(),
    mediaType: 'application/octet-stream',
  });
  return key;
}
