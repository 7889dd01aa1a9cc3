/** An object store in memory, for tests and for work that needs no server. */
import { createHash } from 'node:crypto';
import type { ObjectStore, PutOptions, StoredObject } from './store.ts';

export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#objects.get(key)?.slice();
  }

  async getTagged(key: string): Promise<{ bytes: Uint8Array; entityTag: string } | undefined> {
    const bytes = this.#objects.get(key);
    return bytes && { bytes: bytes.slice(), entityTag: entityTagOf(bytes) };
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'refused'> {
    const present = this.#objects.get(key);
    if (options.ifNoneMatch && present) return 'refused';
    if (options.ifMatch !== undefined && (!present || entityTagOf(present) !== options.ifMatch))
      return 'refused';
    this.#objects.set(key, bytes.slice());
    return 'written';
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const bytes = this.#objects.get(key);
    return bytes && { key, bytes: bytes.length };
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const bytes = this.#objects.get(key);
      if (bytes) yield { key, bytes: bytes.length };
    }
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key);
  }
}

function entityTagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
