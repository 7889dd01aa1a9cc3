/** Datasets in the object store: videos and labels as artefacts, and the manifest that names them. */

import { formatManifest, type ManifestRow, parseManifest } from '../../datasets/manifest.ts';
import { DomainError } from '../../ground/errors.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { findArtefact, sha256Of, writeArtefact } from '../../storage/artefacts.ts';
import { readManifestOf, replaceManifest } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';

/**
 * Stores one file of a dataset; free when it is there already.
 * @throws DomainError DatasetInvalid when another file lies under the key: runs refer to it by its digest.
 */
export async function storeDatasetFile(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  const present = await findArtefact(store, key);
  if (!present) {
    await writeArtefact(store, key, bytes, {
      inputs: [],
      codeVersion: codeVersion(),
      mediaType: 'application/gzip',
    });
    return;
  }
  if (present.sha256 === sha256Of(bytes)) return;
  throw new DomainError(
    'DatasetInvalid',
    `${key} is in the store already with other content; videos of a dataset do not change, because runs refer to them. Give the changed video another id, or the dataset another name.`,
  );
}

/**
 * Adds rows to the dataset's manifest, or replaces those of the same id; rows that others added meanwhile stay.
 * @throws DomainError DatasetInvalid when a study would span two splits.
 */
export async function mergeManifest(
  store: ObjectStore,
  dataset: string,
  rows: readonly ManifestRow[],
): Promise<ManifestRow[]> {
  const { text } = await replaceManifest(store, dataset, codeVersion(), (stored) => {
    const present = stored === undefined ? [] : parseManifest(stored);
    const replaced = new Set(rows.map((row) => row.id));
    const merged = [...present.filter((row) => !replaced.has(row.id)), ...rows].sort((a, b) =>
      a.id < b.id ? -1 : a.id > b.id ? 1 : 0,
    );
    const text = formatManifest(merged);
    // Reading it back finds a study in two splits before anybody depends on it.
    parseManifest(text);
    return text;
  });
  return parseManifest(text);
}

/** Rows of the dataset's manifest; none when there is no such dataset. */
export async function readManifest(store: ObjectStore, dataset: string): Promise<ManifestRow[]> {
  const manifest = await readManifestOf(store, dataset);
  return manifest ? parseManifest(manifest.text) : [];
}
