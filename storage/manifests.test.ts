import { expect, it } from 'vitest';
import { datasetKeys } from './keys.ts';
import { lineageOf } from './lineage.ts';
import { datasetExists, datasetNames, freezeManifest, readManifestOf, replaceManifest } from './manifests.ts';
import { MemoryStore } from './memory-store.ts';
import type { PutOptions } from './store.ts';
import { badReads } from './trusted-read.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const add = (row: string) => (present: string | undefined) => `${present ?? 'id\n'}${row}\n`;

it('is versioned by content: what a run saw stays, whatever becomes of the dataset', async () => {
  const store = new MemoryStore();
  expect(await readManifestOf(store, 'clinic')).toBeUndefined();
  expect(await datasetExists(store, 'clinic')).toBe(false);
  await replaceManifest(store, 'clinic', 'test', add('a'));
  const seen = (await freezeManifest(store, 'clinic', 'test'))!;
  await replaceManifest(store, 'clinic', 'test', add('b'));
  expect(seen.text).toBe('id\na\n');
  expect((await readManifestOf(store, 'clinic'))!.text).toBe('id\na\nb\n');
  expect((await lineageOf(store, seen.reference.key)).map(({ sha256 }) => sha256)).toEqual([
    seen.reference.sha256,
  ]);
  expect(await datasetExists(store, 'clinic')).toBe(true);
  expect(await datasetNames(store)).toEqual(['clinic']);
});

it('of an older dataset is read, frozen for a run, and becomes a version when it changes', async () => {
  const store = new MemoryStore();
  await store.put(datasetKeys.manifest('old'), encode('id\na\n'));
  expect(await datasetNames(store)).toEqual(['old']);
  expect((await readManifestOf(store, 'old'))!.text).toBe('id\na\n');
  const frozen = (await freezeManifest(store, 'old', 'test'))!;
  expect(frozen.reference.key).toBe(datasetKeys.manifestVersion('old', frozen.reference.sha256));
  await replaceManifest(store, 'old', 'test', add('b'));
  expect((await readManifestOf(store, 'old'))!.text).toBe('id\na\nb\n');
  expect(await store.head(datasetKeys.manifest('old'))).toBeUndefined();
});

it.each([
  ['a plain one', false],
  ['a version', true],
])('that came with a byte flipped is read again: %s', async (_, versioned) => {
  const store = new (class extends MemoryStore {
    flips = 0;
    override async get(key: string): Promise<Uint8Array | undefined> {
      const bytes = await super.get(key);
      if (bytes && this.flips-- > 0) bytes[3]! ^= 1;
      return bytes;
    }
  })();
  if (versioned) await replaceManifest(store, 'clinic', 'test', add('a'));
  else await store.put(datasetKeys.manifest('clinic'), encode('id\na\n'));
  store.flips = 1;
  expect((await readManifestOf(store, 'clinic'))!.text).toBe('id\na\n');
});

it('of an older dataset, whose every read agrees, is no bad read to warn of', async () => {
  const store = new MemoryStore();
  await store.put(datasetKeys.manifest('clinic'), new TextEncoder().encode('id\n'));
  const bad: unknown[] = [];
  const note = (message: unknown) => bad.push(message);
  badReads.subscribe(note);
  expect((await readManifestOf(store, 'clinic'))?.text).toBe('id\n');
  badReads.unsubscribe(note);
  expect(bad).toEqual([]);
});

it('keeps the rows of all who add at once, also when answers are lost', async () => {
  const store = new (class extends MemoryStore {
    #puts = 0;
    override async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'refused'> {
      const outcome = await super.put(key, bytes, options);
      // As after an answer that was lost: the client has asked again and was refused by its own write.
      return key.endsWith('manifest.json') && this.#puts++ % 3 === 0 ? 'refused' : outcome;
    }
  })();
  const rows = Array.from({ length: 6 }, (_, i) => `v${i}`);
  const addOnce = (row: string) => (present: string | undefined) =>
    present?.includes(row) ? present : add(row)(present);
  await Promise.all(rows.map((row) => replaceManifest(store, 'clinic', 'test', addOnce(row))));
  const { text } = (await readManifestOf(store, 'clinic'))!;
  expect(text.trim().split('\n').slice(1).sort()).toEqual(rows);
});

it('whose pointer is damaged says so, and where its versions are', async () => {
  const store = new MemoryStore();
  await replaceManifest(store, 'clinic', 'test', add('a'));
  await store.put(datasetKeys.manifestPointer('clinic'), encode('{"manifest":'));
  await expect(readManifestOf(store, 'clinic')).rejects.toMatchObject({
    code: 'ChecksumMismatch',
    message: expect.stringContaining('datasets/clinic/manifests/'),
  });
});
