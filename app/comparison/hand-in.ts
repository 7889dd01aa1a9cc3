/** Masks, references and weights of this machine into the store, where a comparison's workers find them. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { ComparedRow } from '../../contracts/comparison.ts';
import { pairingKey } from '../../datasets/collections/names.ts';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { findArtefact, sha256Of, writeArtefact } from '../../storage/artefacts.ts';
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
  if (masks !== undefined) await handInMasks(masks, 'masks', row.name, to, note);
  if (references !== undefined) await handInMasks(references, 'references', row.name, to, note);
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
  kind: 'masks' | 'references',
  row: string,
  { store, run, videos }: HandIn,
  note: (text: string) => void,
): Promise<void> {
  const names = (await filesOf(folder)).filter((name) => NIFTI.test(name));
  const { files, others } = filesOfVideos(names, videos, folder);
  if (files.size === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${folder} has no mask of a test video: expected <video>.nii.gz named as the ${counted(videos.length, 'test video')} of the target, found ${counted(names.length, 'NIfTI file')} of other names.`,
    );
  }
  await freezeList(folder, files, comparisonKeys.handedIn(run, row, kind), store);
  const keyOf = kind === 'masks' ? comparisonKeys.givenMask : comparisonKeys.givenReference;
  for (const [id, name] of files) await put(store, keyOf(run, row, id), join(folder, name));
  const missing = videos.length - files.size;
  if (missing > 0) note(`${row}: ${missing} of ${videos.length} test videos have no mask in ${folder}`);
  if (others.length > 0) {
    note(
      `${row}: no test video has the name of ${counted(others.length, 'file')} in ${folder}, such as ${others[0]}`,
    );
  }
}

/** One more or less would be used or not, by how far the comparison is when it goes on. */
async function freezeList(
  folder: string,
  files: ReadonlyMap<string, string>,
  key: string,
  store: ObjectStore,
): Promise<void> {
  const digests: Record<string, string> = {};
  for (const id of [...files.keys()].sort()) {
    digests[id] = sha256Of(await readFile(join(folder, files.get(id)!)));
  }
  await putBytes(store, key, new TextEncoder().encode(JSON.stringify(digests)), folder);
}

const NIFTI = /\.nii(\.gz)?$/i;

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw new DomainError(
      'DatasetInvalid',
      `${folder}: expected a folder with <video>.nii.gz for each test video, which cannot be listed (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

/**
 * Which file is the mask of which video: the one that has its name, else the one that has it but for the suffixes of
 * masks.
 * @throws DomainError DatasetInvalid where that is not one of each
 */
function filesOfVideos(
  names: readonly string[],
  videos: readonly string[],
  folder: string,
): { files: Map<string, string>; others: string[] } {
  const known = new Set(videos);
  const paired = new Map<string, string[]>();
  for (const id of videos) paired.set(pairingKey(id), [...(paired.get(pairingKey(id)) ?? []), id]);
  const files = new Map<string, string>();
  const others: string[] = [];
  for (const name of [...names].sort()) {
    const stem = name.replace(NIFTI, '');
    const ids = known.has(stem) ? [stem] : (paired.get(pairingKey(name)) ?? []);
    const [id] = ids;
    if (id === undefined) {
      others.push(name);
      continue;
    }
    const first = files.get(id);
    if (first === undefined && ids.length === 1) {
      files.set(id, name);
      continue;
    }
    const found =
      first === undefined
        ? `${name} may be of ${ids.join(' or ')}`
        : `${first} and ${name} are both of ${id}`;
    throw new DomainError(
      'DatasetInvalid',
      `${folder}: expected one mask of each video, but ${found}. Name each mask as its video, <video>.nii.gz, and keep one of them.`,
    );
  }
  return { files, others };
}

/** @returns its key. */
async function handInFile(file: string, name: string, row: string, { store, run }: HandIn): Promise<string> {
  const key = `${comparisonKeys.row(run, row)}files/${name}${extname(file)}`;
  await put(store, key, file);
  return key;
}

async function put(store: ObjectStore, key: string, file: string): Promise<void> {
  await putBytes(store, key, await readFile(file), file);
}

/**
 * Free when it is there already.
 * @throws DomainError ConfigInvalid where something else was handed in before: the comparison may have used it
 */
async function putBytes(store: ObjectStore, key: string, bytes: Uint8Array, path: string): Promise<void> {
  const present = await findArtefact(store, key);
  if (present && present.sha256 !== sha256Of(bytes)) {
    throw new DomainError(
      'ConfigInvalid',
      `${path} is not what was handed in before under this name of a comparison (${key}). Give another --run-id to compare what it is now.`,
    );
  }
  const mediaType = 'application/octet-stream';
  await writeArtefact(store, key, bytes, { inputs: [], codeVersion: codeVersion(), mediaType });
}
