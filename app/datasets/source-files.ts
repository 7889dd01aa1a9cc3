/**
 * Where a person's recordings lie: files and folders on disk, or objects under a prefix of a bucket
 * (`s3://bucket/prefix`). Both are paths with `/`, so that what names say is told in one way.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../datasets/limits.ts';
import { DomainError } from '../../ground/errors.ts';
import type { ObjectStore } from '../../storage/store.ts';

export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last changed, in ms since 1970, by the clock of where it lies. */
  readonly changedMs: number;
}

export interface SourceFiles {
  /**
   * All files below a folder or prefix, at any depth, in name order; those that begin with a dot are left out. A file
   * is listed as itself, and so is a path on disk where nothing is: reading it says why.
   */
  list(path: string): Promise<readonly SourceFile[]>;
  /**
   * @throws DomainError LimitExceeded for a file beyond the limits, of which no more than that is read; errors of the
   * file system, StorageUnavailable, AccessDenied
   */
  read(path: string): Promise<Uint8Array>;
}

const scheme = 's3://';

/** True for the address of an object or a prefix in a bucket. */
export function isBucketPath(path: string): boolean {
  return path.startsWith(scheme);
}

function tooLarge(path: string, found: string): DomainError {
  return new DomainError(
    'LimitExceeded',
    `${path}: expected at most ${limits.fileBytes} bytes, found ${found}. Split the recording into shorter clips.`,
  );
}

/** @param above real paths of the folders that it lies in: a link to one of them leads round in a circle */
async function listLocal(path: string, above: readonly string[] = []): Promise<SourceFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return [{ path, bytes: found?.size ?? 0, changedMs: found?.mtimeMs ?? 0 }];
  const real = await realpath(path);
  if (above.includes(real)) return [];
  const entries = await readdir(path, { withFileTypes: true });
  const files: SourceFile[] = [];
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.startsWith('.')) continue;
    // One by one: an archive has more files than a call may have arguments.
    for (const file of await listLocal(join(path, name), [...above, real])) files.push(file);
  }
  return files;
}

async function readLocal(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > limits.fileBytes) throw tooLarge(path, String(size));
  return readFile(path);
}

/** Files on the disks of this machine. */
export const localFiles: SourceFiles = { list: (path) => listLocal(path), read: readLocal };

interface BucketPath {
  readonly bucket: string;
  readonly key: string;
}

/** @throws DomainError ConfigInvalid for an address without a bucket */
function bucketPathOf(path: string): BucketPath {
  const [bucket = '', ...rest] = path.slice(scheme.length).split('/');
  if (bucket !== '') return { bucket, key: rest.join('/') };
  throw new DomainError('ConfigInvalid', `${path}: expected s3://bucket/prefix, found no name of a bucket.`);
}

function isHidden(keyBelowPrefix: string): boolean {
  return keyBelowPrefix.split('/').some((part) => part.startsWith('.'));
}

async function listBucket(store: ObjectStore, { bucket, key }: BucketPath): Promise<SourceFile[]> {
  const prefix = key.replace(/\/+$/, '');
  const files: SourceFile[] = [];
  for await (const { key: found, bytes, writtenMs } of store.list(prefix)) {
    // `exports` is no prefix of `exports-old/a.dcm` to the person who named it.
    const isBelow = prefix === '' || found === prefix || found.startsWith(`${prefix}/`);
    if (!isBelow || found.endsWith('/') || isHidden(found.slice(prefix.length))) continue;
    files.push({ path: `${scheme}${bucket}/${found}`, bytes, changedMs: writtenMs });
  }
  return files;
}

async function readObject(store: ObjectStore, key: string, path: string): Promise<Uint8Array> {
  const bytes = await store.get(key, { range: { start: 0, bytes: limits.fileBytes + 1 } });
  if (bytes === undefined) {
    throw new DomainError('DatasetInvalid', `${path}: there is no such object. Check the address.`);
  }
  if (bytes.length > limits.fileBytes) throw tooLarge(path, 'more');
  return bytes;
}

/**
 * Files on disk, and objects in buckets.
 * @param openBucket called once for each bucket that a path names
 */
export function sourceFiles(openBucket: (bucket: string) => Promise<ObjectStore>): SourceFiles {
  const opened = new Map<string, Promise<ObjectStore>>();
  const storeOf = (bucket: string) => {
    const store = opened.get(bucket) ?? openBucket(bucket);
    opened.set(bucket, store);
    return store;
  };
  return {
    async list(path) {
      if (!isBucketPath(path)) return listLocal(path);
      const place = bucketPathOf(path);
      return listBucket(await storeOf(place.bucket), place);
    },
    async read(path) {
      if (!isBucketPath(path)) return readLocal(path);
      const { bucket, key } = bucketPathOf(path);
      return readObject(await storeOf(bucket), key, path);
    },
  };
}
