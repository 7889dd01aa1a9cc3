import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteArtefact, findArtefact, readArtefact, recordKey, writeArtefact } from './artefacts.ts';
import { checkedName, runKeys } from './keys.ts';
import { lineageOf } from './lineage.ts';
import { LocalCache } from './local-cache.ts';
import { MemoryStore } from './memory-store.ts';

const bytes = new TextEncoder().encode('weights');
const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };

describe('an artefact', () => {
  it('exists only once its record is written', async () => {
    const store = new MemoryStore();
    await store.put('half', bytes);
    expect(await findArtefact(store, 'half')).toBeUndefined();
    const reference = await writeArtefact(store, 'half', bytes, origin);
    expect(await findArtefact(store, 'half')).toEqual(reference);
    expect(await readArtefact(store, reference)).toEqual(bytes);
  });

  it('may be written twice with the same bytes but never with others', async () => {
    const store = new MemoryStore();
    const first = await writeArtefact(store, 'k', bytes, origin);
    expect(await writeArtefact(store, 'k', bytes, origin)).toEqual(first);
    await expect(writeArtefact(store, 'k', new Uint8Array([1]), origin)).rejects.toMatchObject({
      code: 'ChecksumMismatch',
    });
    expect(await readArtefact(store, first)).toEqual(bytes);
  });

  it('is refused when a single byte has changed, when it is gone, and when its record is damaged', async () => {
    const store = new MemoryStore();
    const reference = await writeArtefact(store, 'k', bytes, origin);
    const flipped = bytes.slice();
    flipped[3]! ^= 1;
    await store.put('k', flipped);
    await expect(readArtefact(store, reference)).rejects.toMatchObject({ code: 'ChecksumMismatch' });
    await store.delete('k');
    await expect(readArtefact(store, reference)).rejects.toMatchObject({ code: 'ArtefactMissing' });
    await store.put(recordKey('k'), new TextEncoder().encode('{"key":'));
    await expect(findArtefact(store, 'k')).rejects.toMatchObject({ code: 'ChecksumMismatch' });
    await deleteArtefact(store, 'k');
    expect(await findArtefact(store, 'k')).toBeUndefined();
  });

  it('leads back to everything it was made from', async () => {
    const store = new MemoryStore();
    const data = await writeArtefact(store, 'data', bytes, origin);
    const policy = await writeArtefact(store, 'policy', bytes, { ...origin, inputs: [data] });
    await writeArtefact(store, 'report', bytes, { ...origin, inputs: [policy, data] });
    expect((await lineageOf(store, 'report')).map((record) => record.key)).toEqual([
      'report',
      'policy',
      'data',
    ]);
  });
});

describe('the local cache', () => {
  it('fetches again what is damaged on disk and stays within its size', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'echoloop-cache-'));
    try {
      const store = new MemoryStore();
      const cache = new LocalCache(store, folder, 3 * bytes.length);
      const reference = await writeArtefact(store, 'k', bytes, origin);
      expect(await cache.read(reference)).toEqual(bytes);
      await store.delete('k');
      expect(new Uint8Array(await cache.read(reference))).toEqual(bytes);
      await store.put('k', bytes);
      await writeFile(join(folder, reference.sha256), 'damaged');
      expect(await cache.read(reference)).toEqual(bytes);
      for (let i = 0; i < 6; i++) {
        await cache.read(await writeArtefact(store, `k${i}`, new Uint8Array(bytes.length).fill(i), origin));
      }
      expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a key', () => {
  it('never leaves its folder, whatever a video or run is called', () => {
    for (const name of ['../x', 'a/b', '', '.hidden', 'a b', 'x'.repeat(101)]) {
      expect(() => checkedName('video', name)).toThrow(/cannot name a video/);
    }
    expect(runKeys.policy('night-12', 1)).toBe('runs/night-12/iter-01/policy.safetensors');
  });
});
