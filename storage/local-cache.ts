/**
 * Artefacts on local disk, addressed by digest, so that a worker reads each video once. Safe for several processes:
 * files appear by atomic rename, are checked on every read, and a lost or damaged one is simply fetched again.
 *
 * Budget: the files of all processes together stay under the maximum; the least recently used go first. Each process
 * keeps an index of what it knows and looks at the folder itself only after it has written a twentieth of the maximum,
 * so the folder may exceed the maximum by a twentieth for each process that writes.
 */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { diskBudgets } from '../temporal.config.ts';
import { readArtefact, sha256Of } from './artefacts.ts';
import { inParallel } from './in-parallel.ts';
import type { ObjectStore } from './store.ts';
import { writeWholeFile } from './whole-file.ts';

/** Of the maximum: what a process writes before it looks at the folder again. */
const SHARE_UNSEEN = 1 / 20;
const DIGEST = /^[0-9a-f]{64}$/;

interface Entry {
  readonly bytes: number;
  readonly usedMs: number;
}

export class LocalCache {
  readonly #store: ObjectStore;
  readonly #files: CachedFiles;

  constructor(store: ObjectStore, folder: string, maximumBytes: number);
  constructor(store: ObjectStore, files: CachedFiles);
  constructor(store: ObjectStore, files: string | CachedFiles, maximumBytes = 0) {
    this.#store = store;
    this.#files = typeof files === 'string' ? new CachedFiles(files, maximumBytes) : files;
  }

  /** The same files for requests to another store, such as the one that ends with an activity. */
  over(store: ObjectStore): LocalCache {
    return new LocalCache(store, this.#files);
  }

  /**
   * The artefact's bytes, from disk when they are there and whole.
   * @throws DomainError as readArtefact does.
   */
  async read(reference: ArtefactRef): Promise<Uint8Array> {
    const cached = await this.find(reference.sha256);
    if (cached) return cached;
    const bytes = await readArtefact(this.#store, reference);
    await this.keep(reference.sha256, bytes);
    return bytes;
  }

  /** Bytes of this digest when they are on disk and whole. */
  find(sha256: string): Promise<Uint8Array | undefined> {
    return this.#files.read(sha256);
  }

  /** Keeps bytes under their digest, for which the caller answers. */
  keep(sha256: string, bytes: Uint8Array): Promise<void> {
    return this.#files.keep(sha256, bytes);
  }
}

/** The folder of a cache with what this process knows of it. */
class CachedFiles {
  readonly #folder: string;
  readonly #maximumBytes: number;
  readonly #index = new Map<string, Entry>();
  #totalBytes = 0;
  /** Written by this process since it last looked at the folder; never looked yet at first. */
  #unseenBytes = Number.POSITIVE_INFINITY;
  /** Room was made for these, and they are being written. */
  #comingBytes = 0;
  #making: Promise<void> = Promise.resolve();

  constructor(folder: string, maximumBytes: number) {
    this.#folder = folder;
    this.#maximumBytes = maximumBytes;
  }

  async read(sha256: string): Promise<Uint8Array | undefined> {
    const path = join(this.#folder, sha256);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes || sha256Of(bytes) !== sha256) return undefined;
    const now = Date.now();
    if (now - (this.#index.get(sha256)?.usedMs ?? 0) > diskBudgets.touchCacheEveryMs) {
      await utimes(path, new Date(now), new Date(now)).catch(() => undefined);
      this.#know(sha256, { bytes: bytes.length, usedMs: now });
    }
    return bytes;
  }

  /** A full disk must not stop the work: the cache is only for speed. */
  async keep(sha256: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#maximumBytes) return;
    this.#comingBytes += bytes.length;
    try {
      await mkdir(this.#folder, { recursive: true });
      await this.#makeRoom();
      await writeWholeFile(join(this.#folder, sha256), bytes);
      this.#know(sha256, { bytes: bytes.length, usedMs: Date.now() });
      this.#unseenBytes += bytes.length;
    } catch {
      // Read from the store again the next time.
    } finally {
      this.#comingBytes -= bytes.length;
    }
  }

  /** One at a time: two that look at once would evict twice. */
  #makeRoom(): Promise<void> {
    const made = this.#making.then(() => this.#evict());
    this.#making = made.catch(() => undefined);
    return made;
  }

  /** Until what comes has room. */
  async #evict(): Promise<void> {
    if (this.#unseenBytes > this.#maximumBytes * SHARE_UNSEEN) await this.#look();
    if (this.#totalBytes + this.#comingBytes <= this.#maximumBytes) return;
    const oldestFirst = [...this.#index].sort(([, a], [, b]) => a.usedMs - b.usedMs);
    // Some more than is needed, so that not every file that comes makes all be sorted.
    const goal = this.#maximumBytes * (1 - SHARE_UNSEEN);
    for (const [sha256, entry] of oldestFirst) {
      if (this.#totalBytes + this.#comingBytes <= goal) return;
      await rm(join(this.#folder, sha256), { force: true });
      this.#index.delete(sha256);
      this.#totalBytes -= entry.bytes;
    }
  }

  /** What all processes have put there and used. */
  async #look(): Promise<void> {
    this.#index.clear();
    this.#totalBytes = 0;
    await inParallel(await readdir(this.#folder), async (name) => {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found) return;
      if (DIGEST.test(name)) this.#know(name, { bytes: found.size, usedMs: found.mtimeMs });
      else if (Date.now() - found.mtimeMs > diskBudgets.abandonedAfterMs) await rm(path, { force: true });
    });
    this.#unseenBytes = 0;
  }

  #know(sha256: string, entry: Entry): void {
    this.#totalBytes += entry.bytes - (this.#index.get(sha256)?.bytes ?? 0);
    this.#index.set(sha256, entry);
  }
}
