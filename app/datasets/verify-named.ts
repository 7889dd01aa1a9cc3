/** Checks a dataset by its name in the store, or a folder in dataset layout. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DatasetProblem,
  type DatasetSource,
  folderSource,
  verifyDataset,
} from '../../datasets/verify.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { readManifestOf } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';

/** A dataset in the object store. */
export function storeSource(store: ObjectStore, dataset: string): DatasetSource {
  return {
    async read(path) {
      if (path !== 'manifest.csv') return store.get(`${datasetKeys.root(dataset)}${path}`);
      const manifest = await readManifestOf(store, dataset);
      return manifest && Buffer.from(manifest.text);
    },
  };
}

/** True for a folder in dataset layout. */
export async function isDatasetFolder(path: string): Promise<boolean> {
  return (await stat(join(path, 'manifest.csv')).catch(() => undefined))?.isFile() ?? false;
}

export interface Verification {
  readonly videos: number;
  readonly problems: readonly DatasetProblem[];
}

/**
 * The files of a dataset, by its name or folder.
 * @param openStore called where the name is no folder with a manifest
 */
export async function namedSource(
  nameOrFolder: string,
  openStore: () => Promise<ObjectStore>,
): Promise<DatasetSource> {
  if (await isDatasetFolder(nameOrFolder)) return folderSource(nameOrFolder);
  return storeSource(await openStore(), nameOrFolder);
}

/** All problems of a dataset, in the manifest's order. */
export async function verifyNamed(
  nameOrFolder: string,
  openStore: () => Promise<ObjectStore>,
  onDone: (done: number, total: number) => void,
): Promise<Verification> {
  return verifyDataset(await namedSource(nameOrFolder, openStore), { onDone });
}
