/** Masks, references and weights of this machine into the store, where a comparison's workers find them. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { ComparedRow } from '../../contracts/comparison.ts';
import { pairingKey } from '../../datasets/collections/names.ts';
import { DomainError } from '../../ground/errors.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import type { RequestedRow } from './row-specs.ts';

export interface HandIn {
  readonly store: ObjectStore;
  readonly run: string;
  /** Ids of the test videos. */
  readonly videos: readonly string[];
}

/** Keys of the store begin with one of its folders; everything else is a path. */
export function isPath(value: string): boolean {
  return !/^(runs|models)\//.test(value);
}

/**
 * The row without what lies on this machine, which is in the store now.
 * @param note told of masks that fit no test video, and of test videos without one
 * @throws DomainError DatasetInvalid when a folder has no mask of a test video.
 */
export async function handIn(
  { masks, references, checkpoint, ...row }: RequestedRow,
  to: HandIn,
  note: (text: string) => void,
): Promise<ComparedRow> {
  if (masks !== undefined) await handInMasks(masks, comparisonKeys.givenMask, row.name, to, note);
  if (references !== undefined) {
    await handInMasks(references, comparisonKeys.givenReference, row.name, to, note);
  }
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(row.files)) {
    files[name] = isPath(value) ? await handInFile(value, name, row.name, to) : value;
  }
  const from =
    checkpoint === undefined ? row.from : { key: await handInFile(checkpoint, 'model', row.name, to) };
  return { ...row, files, ...(from && { from }) };
}

async function handInMasks(
  folder: string,
  keyOf: typeof comparisonKeys.givenMask,
  row: string,
  { store, run, videos }: HandIn,
  note: (text: string) => void,
): Promise<void> {
  const idOf = new Map(videos.map((id) => [pairingKey(id), id]));
  const known = new Set(videos);
  const names = (await readdir(folder)).filter((name) => /\.nii(\.gz)?$/i.test(name));
  const found = new Set<string>();
  for (const name of names) {
    const stem = name.replace(/\.nii(\.gz)?$/i, '');
    const id = known.has(stem) ? stem : idOf.get(pairingKey(name));
    if (id === undefined) continue;
    found.add(id);
    await put(store, keyOf(run, row, id), await readFile(join(folder, name)));
  }
  if (found.size === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${folder} has no mask of a test video: expected <video>.nii.gz named as the ${videos.length} test videos of the target, found ${names.length} NIfTI files of other names.`,
    );
  }
  const missing = videos.length - found.size;
  if (missing > 0) note(`${row}: ${missing} of ${videos.length} test videos have no mask in ${folder}`);
}

/** @returns its key. */
async function handInFile(file: string, name: string, row: string, { store, run }: HandIn): Promise<string> {
  const key = `${comparisonKeys.row(run, row)}files/${name}${extname(file)}`;
  await put(store, key, await readFile(file));
  return key;
}

/** Free when it is there already; other bytes under the same key are refused. */
async function put(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  await writeArtefact(store, key, bytes, {
    inputs: [],
    codeVersion: codeVersion(),
    mediaType: 'application/octet-stream',
  });
}
