/**
 * The manifest of a dataset, versioned by content: each version is an artefact that never changes, and a pointer says
 * which one holds now. A run keeps the reference of what it saw. Datasets from before hold one plain manifest.csv,
 * which is read as well.
 */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { readArtefact, writeArtefact } from './artefacts.ts';
import { datasetKeys } from './keys.ts';
import { openSealedJson, sealJson } from './sealed-json.ts';
import type { ObjectStore } from './store.ts';
import { readTrusted, sha256Of } from './trusted-read.ts';

const PointerSchema = z.strictObject({ manifest: ArtefactRefSchema });

export interface StoredManifest {
  /** Of this very version. */
  readonly reference: ArtefactRef;
  /** CSV. */
  readonly text: string;
}

/**
 * The dataset's manifest as it is now; undefined when there is no such dataset. @throws DomainError ChecksumMismatch,
 * ArtefactMissing
 */
export async function readManifestOf(
  store: ObjectStore,
  dataset: string,
): Promise<StoredManifest | undefined> {
  return (await readPresent(store, dataset))?.manifest;
}

/**
 * The same, as an artefact that stays whatever becomes of the dataset: for a run that records what it adapts to.
 * @param codeVersion for the record of a version that has none yet
 */
export async function freezeManifest(
  store: ObjectStore,
  dataset: string,
  codeVersion: string,
): Promise<StoredManifest | undefined> {
  const present = await readPresent(store, dataset);
  if (!present || present.entityTag !== undefined) return present?.manifest;
  const { text } = present.manifest;
  return { text, reference: await writeVersion(store, dataset, text, codeVersion) };
}

/**
 * Replaces the manifest by what `change` makes of the present one; others may do so meanwhile, and `change` is then
 * called again.
 * @returns the manifest as it is now
 */
export async function replaceManifest(
  store: ObjectStore,
  dataset: string,
  codeVersion: string,
  change: (present: string | undefined) => string,
): Promise<StoredManifest> {
  const key = datasetKeys.manifestPointer(dataset);
  for (;;) {
    const present = await readPresent(store, dataset);
    const text = change(present?.manifest.text);
    if (present?.entityTag !== undefined && text === present.manifest.text) return present.manifest;
    const reference = await writeVersion(store, dataset, text, codeVersion);
    const condition =
      present?.entityTag === undefined ? { ifNoneMatch: true } : { ifMatch: present.entityTag };
    const outcome = await store.put(key, sealJson({ manifest: reference }), {
      ...condition,
      contentType: 'application/json',
    });
    // A refused write may have arrived all the same, its answer lost: the next round finds it done.
    if (outcome === 'refused') continue;
    // What it held is in the version just written; a second truth would only mislead.
    await store.delete(datasetKeys.manifest(dataset));
    return { reference, text };
  }
}

/** True when there is such a dataset. */
export async function datasetExists(store: ObjectStore, dataset: string): Promise<boolean> {
  for (const key of [datasetKeys.manifestPointer(dataset), datasetKeys.manifest(dataset)]) {
    if (await store.head(key)) return true;
  }
  return false;
}

/** Names of all datasets, in order. */
export async function datasetNames(store: ObjectStore): Promise<string[]> {
  const names = new Set<string>();
  for await (const { key } of store.list('datasets/')) {
    const name = /^datasets\/([^/]+)\/manifest\.(csv|json)$/.exec(key)?.[1];
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

/** With the pointer's entity tag, where there is a pointer. */
async function readPresent(
  store: ObjectStore,
  dataset: string,
): Promise<{ manifest: StoredManifest; entityTag: string | undefined } | undefined> {
  const key = datasetKeys.manifestPointer(dataset);
  let entityTag: string | undefined;
  const pointer = await readTrusted(
    key,
    async () => {
      const found = await store.getTagged(key);
      entityTag = found?.entityTag;
      return found?.bytes;
    },
    (bytes) => PointerSchema.safeParse(openSealedJson(bytes)).data,
  );
  if (pointer.kind === 'damaged') {
    throw new DomainError(
      'ChecksumMismatch',
      `${key} is damaged. Delete it and bring the dataset's manifest in again (echoloop ingest); its versions are under ${datasetKeys.root(dataset)}manifests/.`,
      { key },
    );
  }
  if (pointer.kind === 'missing') {
    const manifest = await readPlain(store, datasetKeys.manifest(dataset));
    return manifest && { manifest, entityTag: undefined };
  }
  const { manifest: reference } = pointer.value;
  return { manifest: { reference, text: textOf(await readArtefact(store, reference)) }, entityTag };
}

/** A manifest without a digest is believed when two reads of it agree. */
async function readPlain(store: ObjectStore, key: string): Promise<StoredManifest | undefined> {
  const first = await store.get(key);
  if (!first) return undefined;
  const seen = new Set([sha256Of(first)]);
  const read = await readTrusted(
    key,
    () => store.get(key),
    (bytes) => {
      const sha256 = sha256Of(bytes);
      if (seen.has(sha256)) return { reference: { key, sha256, bytes: bytes.length }, text: textOf(bytes) };
      seen.add(sha256);
      return undefined;
    },
  );
  return read.kind === 'good' ? read.value : undefined;
}

function writeVersion(
  store: ObjectStore,
  dataset: string,
  text: string,
  codeVersion: string,
): Promise<ArtefactRef> {
  const bytes = new TextEncoder().encode(text);
  return writeArtefact(store, datasetKeys.manifestVersion(dataset, sha256Of(bytes)), bytes, {
    inputs: [],
    codeVersion,
    mediaType: 'text/csv',
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
