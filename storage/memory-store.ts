/** An object store in memory: for tests and for work that needs no server. */
import { createHash } from 'node:crypto';
import type {
  GetOptions,
  ObjectStore,
  PutOptions,
  RequestOptions,
  StoredObject,
  TaggedBytes,
} from './store.ts';

interface Kept {
  readonly bytes: Uint8Array;
  readonly writtenMs: number;
}

export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Kept>();

  async get(key: string, { range, signal }: GetOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const kept = this.#objects.get(key);
    return kept?.bytes.slice(range?.start ?? 0, range && range.start + range.bytes);
  }

  async getTagged(key: string, { signal }: RequestOptions = {}): Promise<TaggedBytes | undefined> {
    signal?.throwIfAborted();
    const kept = this.#objects.get(key);
    return kept && { bytes: kept.bytes.slice(), entityTag: entityTagOf(kept.bytes) };
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'refused'> {
    options.signal?.throwIfAborted();
    const present = this.#objects.get(key);
    if (options.ifNoneMatch && present) return 'refused';
    if (options.ifMatch !== undefined && (!present || entityTagOf(present.bytes) !== options.ifMatch))
      return 'refused';
    this.#objects.set(key, { bytes: bytes.slice(), writtenMs: Date.now() });
    return 'written';
  }

  async head(key: string, { signal }: RequestOptions = {}): Promise<StoredObject | undefined> {
    signal?.throwIfAborted();
    const kept = this.#objects.get(key);
    return kept && { key, bytes: kept.bytes.length, writtenMs: kept.writtenMs };
  }

  async *list(prefix: string, { signal }: RequestOptions = {}): AsyncIterable<StoredObject> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      signal?.throwIfAborted();
      const kept = this.#objects.get(key);
      if (kept) yield { key, bytes: kept.bytes.length, writtenMs: kept.writtenMs };
    }
  }

  async delete(key: string, { signal }: RequestOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#objects.delete(key);
  }
}

function entityTagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
