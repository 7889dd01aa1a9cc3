/** A dataset folder (manifest.csv, videos/, labels/) into the object store. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { parseManifest } from '../../datasets/manifest.ts';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { checkedName, datasetKeys } from '../../storage/keys.ts';
import { datasetExists } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { mergeManifest, storeDatasetFile } from './stored-dataset.ts';
import { looksLikePath, noSuchDataset } from './verify-named.ts';

const concurrentUploads = 8;

/**
 * Uploads a dataset under a name, its manifest last; what is there already costs a look.
 * @throws DomainError DatasetInvalid listing every file that the manifest names and the folder lacks.
 */
export async function uploadDataset(
  store: ObjectStore,
  folder: string,
  name: string,
): Promise<{ videos: number }> {
  const manifestFile = join(folder, 'manifest.csv');
  const manifest = await readFile(manifestFile, 'utf8').catch(() => {
    throw new DomainError(
      'DatasetInvalid',
      `${manifestFile} is missing: a dataset folder holds manifest.csv, videos/<id>.nii.gz and labels/<id>.nii.gz. ` +
        'Make one with `npx echoloop phantom`, or bring your own videos in with `npx echoloop ingest`.',
    );
  });
  const rows = parseManifest(manifest);
  const files = rows.flatMap((row) => [
    { file: join(folder, 'videos', `${row.id}.nii.gz`), key: datasetKeys.video(name, row.id) },
    ...(row.labelled
      ? [{ file: join(folder, 'labels', `${row.id}.nii.gz`), key: datasetKeys.labels(name, row.id) }]
      : []),
  ]);
  const missing: string[] = [];
  for (const { file } of files) {
    if (!(await stat(file).catch(() => undefined))?.isFile()) missing.push(file);
  }
  if (missing.length > 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${manifestFile} names ${counted(missing.length, 'file')} that the folder lacks:\n${missing.map((file) => `  ${file}`).join('\n')}`,
    );
  }
  const limit = pLimit(concurrentUploads);
  await Promise.all(
    files.map(({ file, key }) => limit(async () => storeDatasetFile(store, key, await readFile(file)))),
  );
  await mergeManifest(store, name, rows);
  return { videos: rows.length };
}

/**
 * The name in the store of what a person called a dataset: a name that is there, or a local folder that is then
 * uploaded.
 * @throws DomainError DatasetInvalid when it is neither.
 */
export async function resolveDataset(
  store: ObjectStore,
  nameOrFolder: string,
  note: (text: string) => void,
): Promise<string> {
  const folder = resolve(nameOrFolder);
  if (!looksLikePath(nameOrFolder) && (await datasetExists(store, nameOrFolder))) return nameOrFolder;
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) {
    const name = checkedName('dataset', basename(folder));
    const { videos } = await uploadDataset(store, folder, name);
    note(`dataset ${name}: the store has the ${counted(videos, 'video')} of ${folder}`);
    return name;
  }
  throw await noSuchDataset(store, nameOrFolder);
}
