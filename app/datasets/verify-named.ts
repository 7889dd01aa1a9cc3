/** Checks a dataset by its name in the store, or a folder in dataset layout. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DatasetProblem,
  type DatasetSource,
  folderSource,
  verifyDataset,
} from '../../datasets/verify.ts';
import { DomainError } from '../../ground/errors.ts';
import { checkedName, datasetKeys } from '../../storage/keys.ts';
import { datasetExists, datasetNames, readManifestOf } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { didYouMean } from '../did-you-mean.ts';

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

/** True for what a person can only have meant as a path. */
export function looksLikePath(nameOrFolder: string): boolean {
  return /[/\\]/.test(nameOrFolder) || nameOrFolder.startsWith('.');
}

/** What to say where a dataset is neither in the store nor a folder. */
export async function noSuchDataset(store: ObjectStore, nameOrFolder: string): Promise<DomainError> {
  const known = await datasetNames(store);
  return new DomainError(
    'DatasetInvalid',
    `There is no dataset ${nameOrFolder}: expected the name of one in the store (${known.join(', ') || 'it holds none yet'}) ` +
      `or a folder with manifest.csv.${didYouMean(nameOrFolder, known)} Bring videos in with \`npx echoloop ingest\`, or make some with \`npx echoloop phantom\`.`,
  );
}

/**
 * The files of a dataset, by its name or folder.
 * @param openStore called where the name is no folder with a manifest, and can be a name
 * @throws DomainError DatasetInvalid where there is no such dataset, ConfigInvalid for what cannot be the name of one
 */
export async function namedSource(
  nameOrFolder: string,
  openStore: () => Promise<ObjectStore>,
): Promise<DatasetSource> {
  if (await isDatasetFolder(nameOrFolder)) return folderSource(nameOrFolder);
  if (looksLikePath(nameOrFolder)) {
    throw new DomainError(
      'DatasetInvalid',
      `${nameOrFolder}: expected a folder with manifest.csv, as \`npx echoloop phantom\` makes it, found none. ` +
        'Other folders of videos are checked as they are brought in: npx echoloop ingest --help',
    );
  }
  checkedName('dataset', nameOrFolder);
  const store = await openStore();
  if (!(await datasetExists(store, nameOrFolder))) throw await noSuchDataset(store, nameOrFolder);
  return storeSource(store, nameOrFolder);
}

/** All problems of a dataset, in the manifest's order. @throws as namedSource */
export async function verifyNamed(
  nameOrFolder: string,
  openStore: () => Promise<ObjectStore>,
  onDone: (done: number, total: number) => void,
): Promise<Verification> {
  return verifyDataset(await namedSource(nameOrFolder, openStore), { onDone });
}
