/**
 * An artefact that is read in parts: its object is an index, which names the digest of every chunk and the object that
 * holds them one after the other. Whoever needs a window of a video reads the chunks of that window, each verified by
 * itself. The reference is that of the index, so it travels, is recorded and leads back like any other.
 */
import { z } from 'zod';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { type ArtefactOrigin, deleteArtefact, readArtefact, writeArtefact } from './artefacts.ts';
import type { LocalCache } from './local-cache.ts';
import type { ByteRange, ObjectStore } from './store.ts';
import { readTrusted, sha256Of } from './trusted-read.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const IndexSchema = z.strictObject({
  form: z.literal('chunks-1'),
  /** What the chunks are, for whoever made them. */
  header: z.unknown(),
  /** Digest of the object that holds the chunks, by which it is named: the index says nothing of where it lies. */
  data: digest,
  chunks: z.array(z.strictObject({ bytes: z.int().min(0), sha256: digest })),
});
type Index = z.infer<typeof IndexSchema>;
type Chunk = Index['chunks'][number];

export interface ChunkedContent {
  /** JSON: what the chunks are. */
  readonly header: unknown;
  readonly chunks: readonly Uint8Array[];
}

/**
 * Stores chunks and completes them with index and record. All chunks are in memory twice for the moment of the upload.
 * @throws DomainError as writeArtefact does
 */
export async function writeChunkedArtefact(
  store: ObjectStore,
  key: string,
  { header, chunks }: ChunkedContent,
  origin: ArtefactOrigin,
): Promise<ArtefactRef> {
  const data = joined(chunks);
  const index: Index = {
    form: 'chunks-1',
    header,
    // Named by content, so that no writer ever changes what another one's index refers to.
    data: sha256Of(data),
    chunks: chunks.map((chunk) => ({ bytes: chunk.length, sha256: sha256Of(chunk) })),
  };
  await store.put(dataKey(key, index), data, { contentType: origin.mediaType });
  const text = new TextEncoder().encode(`${JSON.stringify(index)}\n`);
  return writeArtefact(store, key, text, { ...origin, mediaType: 'application/json' });
}

/** Removes a chunked artefact, damaged or not, what says that it is complete first. */
export async function deleteChunkedArtefact(store: ObjectStore, key: string): Promise<void> {
  const data: string[] = [];
  // Not by the index, which may be what is damaged.
  for await (const object of store.list(dataPrefix(key))) data.push(object.key);
  await deleteArtefact(store, key);
  for (const object of data) await store.delete(object);
}

/** Of the objects that hold the chunks of every writer of this key. */
function dataPrefix(key: string): string {
  return `${key}.chunks.`;
}

function dataKey(key: string, { data }: Index): string {
  return `${dataPrefix(key)}${data}`;
}

/** Chunks of an artefact that are read as they are asked for. */
export class ChunkedArtefact {
  readonly #store: ObjectStore;
  readonly #cache: LocalCache | undefined;
  readonly #index: Index;
  readonly reference: ArtefactRef;

  private constructor(
    store: ObjectStore,
    cache: LocalCache | undefined,
    reference: ArtefactRef,
    index: Index,
  ) {
    this.#store = store;
    this.#cache = cache;
    this.#index = index;
    this.reference = reference;
  }

  /**
   * Reads the index.
   * @param cache keeps index and chunks on this machine when it is given
   * @throws DomainError ArtefactMissing, ChecksumMismatch, StorageUnavailable, CheckpointIncompatible when it is no
   * chunked artefact
   */
  static async open(
    store: ObjectStore,
    reference: ArtefactRef,
    cache?: LocalCache,
  ): Promise<ChunkedArtefact> {
    const bytes = cache ? await cache.read(reference) : await readArtefact(store, reference);
    return new ChunkedArtefact(store, cache, reference, indexOf(bytes, reference.key));
  }

  get header(): unknown {
    return this.#index.header;
  }

  get count(): number {
    return this.#index.chunks.length;
  }

  /**
   * Consecutive chunks, at the cost of their bytes: those that the cache lacks come in one request for each gap.
   * @throws RangeError when there are not so many; DomainError ArtefactMissing, ChecksumMismatch, StorageUnavailable
   */
  async read(first: number, count: number): Promise<Uint8Array[]> {
    if (first < 0 || count < 0 || first + count > this.count) {
      throw new RangeError(
        `${this.reference.key} has ${this.count} chunks, not ${count} from number ${first} on.`,
      );
    }
    const found = await Promise.all(
      this.#index.chunks.slice(first, first + count).map(({ sha256 }) => this.#cache?.find(sha256)),
    );
    for (let start = 0; start < count; start++) {
      if (found[start]) continue;
      let end = start + 1;
      while (end < count && !found[end]) end++;
      const fetched = await this.#fetch(first + start, end - start);
      found.splice(start, fetched.length, ...fetched);
      start = end;
    }
    return found as Uint8Array[];
  }

  async #fetch(first: number, count: number): Promise<Uint8Array[]> {
    const chunks = this.#index.chunks.slice(first, first + count);
    const range = { start: lengthOf(this.#index.chunks.slice(0, first)), bytes: lengthOf(chunks) };
    const fetched = await this.#fetchVerified(range, chunks);
    for (const [i, { sha256 }] of chunks.entries()) await this.#cache?.keep(sha256, fetched[i]!);
    return fetched;
  }

  async #fetchVerified(range: ByteRange, chunks: readonly Chunk[]): Promise<Uint8Array[]> {
    const { key } = this.reference;
    const data = dataKey(key, this.#index);
    const read = await readTrusted(
      data,
      () => this.#store.get(data, { range }),
      (bytes) => cut(bytes, chunks),
    );
    if (read.kind === 'good') return read.value;
    if (read.kind === 'missing') {
      throw new DomainError(
        'ArtefactMissing',
        `The chunks of ${key} are not in the store, though its index is: ${data} was deleted from outside. Restore it or start a new run.`,
        { key },
      );
    }
    throw new DomainError(
      'ChecksumMismatch',
      `The object ${data} is damaged between byte ${range.start} and ${range.start + range.bytes}, at every read. Restore it, or delete ${key} with its record to have it made again.`,
      { key },
    );
  }
}

/** The chunks in a range of the object; undefined when one is not what the index says. */
function cut(bytes: Uint8Array, chunks: readonly Chunk[]): Uint8Array[] | undefined {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const { bytes: length, sha256 } of chunks) {
    // A copy, so that one chunk that is kept does not keep all others in memory.
    const part = bytes.slice(start, start + length);
    if (sha256Of(part) !== sha256) return undefined;
    parts.push(part);
    start += length;
  }
  return parts;
}

function indexOf(bytes: Uint8Array, key: string): Index {
  try {
    return IndexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new DomainError(
      'CheckpointIncompatible',
      `${key} is not an index of chunks that this version reads. Start a new run.`,
      { key },
      { cause: error },
    );
  }
}

function lengthOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { bytes }) => sum + bytes, 0);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
