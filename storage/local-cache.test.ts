import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeArtefact } from './artefacts.ts';
import { cancelledBy } from './cancellable-store.ts';
import { LocalCache } from './local-cache.ts';
import { MemoryStore } from './memory-store.ts';

vi.mock('node:fs/promises', { spy: true });

const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
const bytesOf = (fill: number, bytes = 100): Uint8Array => new Uint8Array(bytes).fill(fill);

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'echoloop-cache-'));
});
afterEach(async () => {
  await fs.rm(folder, { recursive: true });
});

async function sizeOfFolder(): Promise<number> {
  const names = await fs.readdir(folder);
  const files = await Promise.all(names.map((name) => fs.stat(join(folder, name))));
  return files.reduce((total, { size }) => total + size, 0);
}

describe('the local cache', () => {
  it('reads from disk, and fetches again what is damaged there', async () => {
    const store = new MemoryStore();
    const cache = new LocalCache(store, folder, 1000);
    const reference = await writeArtefact(store, 'k', bytesOf(1), origin);
    await cache.read(reference);
    await store.delete('k');
    expect(new Uint8Array(await cache.read(reference))).toEqual(bytesOf(1));
    await store.put('k', bytesOf(1));
    await fs.writeFile(join(folder, reference.sha256), 'damaged');
    expect(await cache.read(reference)).toEqual(bytesOf(1));
  });

  it('looks at its files once in a while, not at every miss', async () => {
    const store = new MemoryStore();
    const cache = new LocalCache(store, folder, 100_000);
    vi.mocked(fs.stat).mockClear();
    for (let i = 0; i < 200; i++) await cache.read(await writeArtefact(store, `k${i}`, bytesOf(i), origin));
    // 20,000 bytes were written, which is four twentieths of the maximum: at most so many looks at at most 200 files.
    expect(vi.mocked(fs.stat).mock.calls.length).toBeLessThan(5 * 200);
  });

  it('stays within its budget beside another process, and lets go what was not used for longest', async () => {
    const store = new MemoryStore();
    const caches = [new LocalCache(store, folder, 4000), new LocalCache(store, folder, 4000)];
    const kept = await writeArtefact(store, 'kept', bytesOf(255), origin);
    await caches[0]!.read(kept);
    for (let i = 0; i < 120; i++) {
      const reference = await writeArtefact(store, `k${i}`, bytesOf(i), origin);
      await caches[i % 2]!.read(reference);
      // Used again and again, each time later than what was written since.
      await fs.utimes(join(folder, kept.sha256), new Date(), new Date(Date.now() + 1000 + i));
      expect(await sizeOfFolder()).toBeLessThanOrEqual(4000 * 1.1);
    }
    expect(await fs.readdir(folder)).toContain(kept.sha256);
  });

  it('stays within its budget when many files come at once', async () => {
    const store = new MemoryStore();
    const cache = new LocalCache(store, folder, 1000);
    for (let round = 0; round < 10; round++) {
      const fills = Array.from({ length: 8 }, (_, i) => 8 * round + i);
      await Promise.all(
        fills.map(async (fill) => cache.read(await writeArtefact(store, `k${fill}`, bytesOf(fill), origin))),
      );
      expect(await sizeOfFolder()).toBeLessThanOrEqual(1000 * 1.05);
    }
  });

  it('keeps nothing that is larger than all of it, and removes what killed processes left half written', async () => {
    const store = new MemoryStore();
    await fs.writeFile(join(folder, 'x.part'), 'half');
    await fs.utimes(join(folder, 'x.part'), new Date(0), new Date(0));
    await fs.writeFile(join(folder, 'y.part'), 'being written');
    const cache = new LocalCache(store, folder, 150);
    await cache.read(await writeArtefact(store, 'large', bytesOf(1, 151), origin));
    expect(await fs.readdir(folder)).toEqual(['x.part', 'y.part']);
    const { sha256 } = await writeArtefact(store, 'small', bytesOf(1, 10), origin);
    await cache.read({ key: 'small', sha256, bytes: 10 });
    expect((await fs.readdir(folder)).sort()).toEqual([sha256, 'y.part'].sort());
  });

  it('fetches for an activity with that activity’s store, and from the same files', async () => {
    const store = new MemoryStore();
    const cache = new LocalCache(store, folder, 1000);
    const reference = await writeArtefact(store, 'k', bytesOf(1), origin);
    const reason = new Error('cancelled');
    const ended = cache.over(cancelledBy(store, AbortSignal.abort(reason)));
    await expect(ended.read(reference)).rejects.toBe(reason);
    await cache.read(reference);
    expect(new Uint8Array(await ended.read(reference))).toEqual(bytesOf(1));
  });
});
