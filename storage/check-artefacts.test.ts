import { expect, it } from 'vitest';
import { recordKey, writeArtefact } from './artefacts.ts';
import { replaceChampion } from './champions.ts';
import { checkNewestArtefacts } from './check-artefacts.ts';
import { modelKeys } from './keys.ts';
import { MemoryStore } from './memory-store.ts';

const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/json' };
const budget = { maximumArtefacts: 100, maximumBytes: 1e6, maximumMs: 60_000 };

async function storeOf(keys: readonly string[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const key of keys)
    await writeArtefact(store, key, new TextEncoder().encode(`{"is":"${key}"}`), origin);
  return store;
}

it('finds objects that a power cut emptied or took away, and records that it spoilt', async () => {
  const store = await storeOf(['whole', 'empty', 'gone', 'document.json', 'unrecorded']);
  const policy = { key: 'whole', sha256: '0'.repeat(64), bytes: 1 };
  await replaceChampion(store, 'm', () => ({ policy, reason: 'test' }));
  await store.put('runs/a/quarantine/v.json', new TextEncoder().encode('{"id":"v"}'));
  expect(await checkNewestArtefacts(store, budget)).toMatchObject({ checked: 5, damaged: [] });

  await store.put('empty', new Uint8Array());
  await store.delete('gone');
  await store.put(recordKey('unrecorded'), new Uint8Array());
  await store.put(modelKeys.champion('m'), new Uint8Array());
  const { damaged } = await checkNewestArtefacts(store, budget);
  expect(Object.fromEntries(damaged.map(({ key, problem }) => [key, problem]))).toEqual({
    empty: 'its object is not what its record says',
    'gone.json': 'its object is gone',
    unrecorded: 'its record cannot be read',
    'models/m/champion.json': 'its record cannot be read',
  });
});

it('reads no more than its budget, the newest first', async () => {
  const store = await storeOf(Array.from({ length: 9 }, (_, i) => `a${i}`));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await writeArtefact(store, 'newest', new Uint8Array([1]), origin);
  await store.put('newest', new Uint8Array([2]));
  const check = await checkNewestArtefacts(store, { ...budget, maximumArtefacts: 2 });
  expect(check).toMatchObject({ checked: 2, records: 10, damaged: [{ key: 'newest' }] });
  expect(await checkNewestArtefacts(store, { ...budget, maximumBytes: 1 })).toMatchObject({ checked: 1 });
  expect(await checkNewestArtefacts(store, { ...budget, maximumMs: -1 })).toMatchObject({ checked: 0 });
});
