import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findArtefact } from './artefacts.ts';
import { ChunkedArtefact, deleteChunkedArtefact, writeChunkedArtefact } from './chunked-artefact.ts';
import { LocalCache } from './local-cache.ts';
import { MemoryStore } from './memory-store.ts';
import type { GetOptions } from './store.ts';

const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
const KEY = 'runs/a/prepared/v1';
const chunks = Array.from({ length: 60 }, (_, i) => new Uint8Array(1000 + i).fill(i));
const content = { header: { frames: 60 }, chunks };

/** Counts what is read, and flips a byte of the next reads. */
class WatchedStore extends MemoryStore {
  readBytes = 0;
  requests = 0;
  flips = 0;

  override async get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    const bytes = await super.get(key, options);
    this.requests++;
    this.readBytes += bytes?.length ?? 0;
    if (bytes && bytes.length > 5 && this.flips-- > 0) bytes[5]! ^= 1;
    return bytes;
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-chunks-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('an artefact of chunks', () => {
  it('gives any consecutive chunks, and what they are', async () => {
    const store = new MemoryStore();
    const reference = await writeChunkedArtefact(store, KEY, content, origin);
    expect(await findArtefact(store, KEY)).toEqual(reference);
    const artefact = await ChunkedArtefact.open(store, reference);
    expect([artefact.count, artefact.header]).toEqual([60, { frames: 60 }]);
    for (const [first, count] of [
      [0, 60],
      [0, 1],
      [59, 1],
      [7, 4],
      [60, 0],
    ] as const)
      expect(await artefact.read(first, count)).toEqual(chunks.slice(first, first + count));
    await expect(artefact.read(58, 3)).rejects.toThrow(/60 chunks, not 3 from number 58/);
    expect(await writeChunkedArtefact(store, KEY, content, origin)).toEqual(reference);
  });

  it('has the same bytes wherever it lies', async () => {
    const store = new MemoryStore();
    const here = await writeChunkedArtefact(store, KEY, content, origin);
    const there = await writeChunkedArtefact(store, 'runs/b/prepared/v1', content, origin);
    expect(there.sha256).toBe(here.sha256);
    expect(await (await ChunkedArtefact.open(store, there)).read(0, 60)).toEqual(chunks);
  });

  it('costs a window the bytes of a window, once', async () => {
    const store = new WatchedStore();
    const reference = await writeChunkedArtefact(store, KEY, content, origin);
    const artefact = await ChunkedArtefact.open(store, reference, new LocalCache(store, folder, 1e6));
    store.readBytes = 0;
    store.requests = 0;
    await artefact.read(10, 4);
    expect([store.requests, store.readBytes]).toEqual([1, 4 * 1000 + 10 + 11 + 12 + 13]);
    // Two gaps around what is there already.
    expect((await artefact.read(8, 8)).map((chunk) => new Uint8Array(chunk))).toEqual(chunks.slice(8, 16));
    expect(store.requests).toBe(3);
    await artefact.read(8, 8);
    expect(store.requests).toBe(3);
  });

  it('reads again what came damaged, and says whose chunks they are when it stays so', async () => {
    const store = new WatchedStore();
    const reference = await writeChunkedArtefact(store, KEY, content, origin);
    const artefact = await ChunkedArtefact.open(store, reference);
    store.flips = 1;
    expect(await artefact.read(3, 2)).toEqual(chunks.slice(3, 5));
    store.flips = 3;
    await expect(artefact.read(3, 2)).rejects.toMatchObject({
      code: 'ChecksumMismatch',
      details: { key: KEY },
    });
    // What is damaged elsewhere does not matter to a window.
    let data = '';
    for await (const { key } of store.list(`${KEY}.chunks.`)) data = key;
    const bytes = (await store.get(data))!;
    bytes[bytes.length - 1]! ^= 1;
    await store.put(data, bytes);
    expect(await artefact.read(3, 2)).toEqual(chunks.slice(3, 5));
    await store.delete(data);
    await expect(artefact.read(3, 2)).rejects.toMatchObject({
      code: 'ArtefactMissing',
      details: { key: KEY },
    });
  });

  it('is not changed by a second writer with other chunks, and leaves nothing when it is deleted, even damaged', async () => {
    const store = new MemoryStore();
    const reference = await writeChunkedArtefact(store, KEY, content, origin);
    const others = { ...content, chunks: chunks.toReversed() };
    await expect(writeChunkedArtefact(store, KEY, others, origin)).rejects.toMatchObject({
      code: 'ChecksumMismatch',
    });
    expect(await (await ChunkedArtefact.open(store, reference)).read(0, 2)).toEqual(chunks.slice(0, 2));
    await store.put(KEY, new Uint8Array([1]));
    await store.put('runs/a/prepared/v10', new Uint8Array([1]));
    await deleteChunkedArtefact(store, KEY);
    const left: string[] = [];
    for await (const { key } of store.list('')) left.push(key);
    expect(left).toEqual(['runs/a/prepared/v10']);
  });
});
