import { describe, expect, it } from 'vitest';
import { historyKey, readChampion, readHistory, replaceChampion } from './champions.ts';
import { modelKeys } from './keys.ts';
import { MemoryStore } from './memory-store.ts';
import type { PutOptions } from './store.ts';

const policy = (name: string) => ({
  key: `runs/${name}/policy`,
  sha256: name.repeat(64).slice(0, 64),
  bytes: 1,
});
const decisionOf = (name: string) => ({ policy: policy(name), run: `run-${name}`, reason: 'test' });
const promote = (store: MemoryStore, name: string) => replaceChampion(store, 'm', () => decisionOf(name));
const runsOf = async (store: MemoryStore) => (await readHistory(store, 'm')).map(({ run }) => run);

type PutOf = (key: string, bytes: Uint8Array, options?: PutOptions) => Promise<'written' | 'refused'>;

/** A store whose `put` is another one; `real` does it. */
function storeWith(put: (real: PutOf, ...args: Parameters<PutOf>) => ReturnType<PutOf>): MemoryStore {
  return new (class extends MemoryStore {
    override put(...args: Parameters<PutOf>): ReturnType<PutOf> {
      return put((...inner) => super.put(...inner), ...args);
    }
  })();
}

const isPointer = (key: string) => key === modelKeys.champion('m');

describe('the champion of a model', () => {
  it('has a history of all who were, in order, whoever promotes at once', async () => {
    const store = new MemoryStore();
    expect(await readHistory(store, 'm')).toEqual([]);
    await promote(store, 'a');
    await Promise.all(['b', 'c', 'd'].map((name) => promote(store, name)));
    const history = await readHistory(store, 'm');
    expect(history.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(history.map(({ run }) => run).sort()).toEqual(['run-a', 'run-b', 'run-c', 'run-d']);
    expect(await readChampion(store, 'm')).toEqual(history.at(-1));
  });

  it('keeps its entry when the answer to the pointer’s change was lost', async () => {
    let lost = true;
    const store = storeWith(async (real, key, bytes, options) => {
      const outcome = await real(key, bytes, options);
      // The client asks again and is refused by its own first write.
      return isPointer(key) && lost ? real(key, bytes, options) : outcome;
    });
    expect(await promote(store, 'a')).toMatchObject({ run: 'run-a', sequence: 1 });
    expect(await promote(store, 'b')).toMatchObject({ run: 'run-b', sequence: 2 });
    lost = false;
    await promote(store, 'c');
    expect(await runsOf(store)).toEqual(['run-a', 'run-b', 'run-c']);
  });

  it('counts who was champion for a moment, whose answer was lost meanwhile', async () => {
    const store: MemoryStore = storeWith(async (real, key, bytes, options) => {
      const outcome = await real(key, bytes, options);
      if (!isPointer(key) || !new TextDecoder().decode(bytes).includes('run-a')) return outcome;
      await promote(store, 'b');
      return 'refused';
    });
    expect(await promote(store, 'a')).toMatchObject({ run: 'run-a', sequence: 1 });
    expect(await runsOf(store)).toEqual(['run-a', 'run-b']);
  });

  it.each([
    ['before the pointer', () => 0],
    ['after the pointer', () => 1],
  ])('has no other history when its writer dies right %s', async (_, writesBeforeDeath) => {
    let alive = Number.POSITIVE_INFINITY;
    const store = storeWith(async (real, key, bytes, options) => {
      if (alive-- <= 0) throw new Error('killed');
      return real(key, bytes, options);
    });
    await promote(store, 'a');
    // The entry of a is there already and is offered once more first.
    alive = 1 + writesBeforeDeath();
    await expect(promote(store, 'b')).rejects.toThrow('killed');
    alive = Number.POSITIVE_INFINITY;
    await promote(store, 'c');
    expect(await runsOf(store)).toEqual(
      writesBeforeDeath() === 0 ? ['run-a', 'run-c'] : ['run-a', 'run-b', 'run-c'],
    );
  });

  it('is not an entry that an older version left without ever pointing at it', async () => {
    const store = new MemoryStore();
    const first = (await promote(store, 'a'))!;
    const orphan = { ...first, ...decisionOf('x'), sequence: 2 };
    await store.put(historyKey('m', 2), new TextEncoder().encode(JSON.stringify(orphan)));
    expect(await runsOf(store)).toEqual(['run-a']);
    expect(await promote(store, 'b')).toMatchObject({ sequence: 3 });
    expect(await runsOf(store)).toEqual(['run-a', 'run-b']);
  });

  it('has the history of an older version, whose entries do not say whom they replaced', async () => {
    const store = new MemoryStore();
    const old = (name: string, sequence: number) =>
      new TextEncoder().encode(JSON.stringify({ ...decisionOf(name), model: 'm', sequence }));
    for (const [index, name] of ['a', 'b', 'c'].entries())
      await store.put(historyKey('m', index + 1), old(name, index + 1));
    await store.put(modelKeys.champion('m'), old('b', 2));
    expect(await runsOf(store)).toEqual(['run-a', 'run-b']);
    await promote(store, 'd');
    expect(await runsOf(store)).toEqual(['run-a', 'run-b', 'run-d']);
  });

  it('says which file is damaged and what to do', async () => {
    const store = new MemoryStore();
    await promote(store, 'a');
    await promote(store, 'b');
    const key = historyKey('m', 1);
    await store.put(key, new TextEncoder().encode('{'));
    await expect(readHistory(store, 'm')).rejects.toMatchObject({
      code: 'ChecksumMismatch',
      message: expect.stringContaining(key),
    });
    await store.put(modelKeys.champion('m'), new TextEncoder().encode('{"model"'));
    await expect(readChampion(store, 'm')).rejects.toMatchObject({
      code: 'ChecksumMismatch',
      message: expect.stringContaining(modelKeys.history('m')),
    });
  });
});
