/**
 * Artefacts on local disk, addressed by digest, so that a worker reads each video once. Safe for several processes: files
 * appear by atomic rename, are checked on every read, and a lost or damaged one is simply fetched again.
 */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { readArtefact, sha256Of } from './artefacts.ts';
import type { ObjectStore } from './store.ts';
import { writeWholeFile } from './whole-file.ts';

export class LocalCache {
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #maximumBytes: number;

  constructor(store: ObjectStore, folder: string, maximumBytes: number) {
    this.#store = store;
    this.#folder = folder;
    this.#maximumBytes = maximumBytes;
  }

  /**
   * The artefact's bytes, from disk when they are there and whole.
   * @throws DomainError as readArtefact does.
   */
  async read(reference: ArtefactRef): Promise<Uint8Array> {
    const path = join(this.#folder, reference.sha256);
    const cached = await readFile(path).catch(() => undefined);
    if (cached && sha256Of(cached) === reference.sha256) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return cached;
    }
    const bytes = await readArtefact(this.#store, reference);
    await this.#keep(path, bytes);
    return bytes;
  }

  /** A full disk must not stop the work: the cache is only for speed. */
  async #keep(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
      await this.#makeRoom(bytes.length);
      await writeWholeFile(path, bytes);
    } catch {
      // Read from the store again the next time.
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const entries = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found) entries.push({ path, bytes: found.size, usedMs: found.mtimeMs });
    }
    let total = bytes + entries.reduce((sum, entry) => sum + entry.bytes, 0);
    entries.sort((a, b) => a.usedMs - b.usedMs);
    for (const entry of entries) {
      if (total <= this.#maximumBytes) return;
      await rm(entry.path, { force: true });
      total -= entry.bytes;
    }
  }
}
