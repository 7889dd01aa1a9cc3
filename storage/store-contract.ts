/** What every object store must do; run by the tests of each store. */
import { expect, it } from 'vitest';
import type { ObjectStore } from './store.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

/** `open` gives an empty store for each behaviour. */
export function describeStoreContract(open: () => Promise<ObjectStore>): void {
  it('gives back what was put, and undefined for a key that is not there', async () => {
    const store = await open();
    expect(await store.get('a/b')).toBeUndefined();
    expect(await store.head('a/b')).toBeUndefined();
    await store.put('a/b', bytesOf('one'));
    await store.put('a/b', bytesOf('three'));
    expect(textOf(await store.get('a/b'))).toBe('three');
    expect(await store.head('a/b')).toEqual({ key: 'a/b', bytes: 5 });
  });

  it('writes with ifNoneMatch only when nothing is there, also when many try at once', async () => {
    const store = await open();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.put('once', bytesOf(`writer ${i}`), { ifNoneMatch: true })),
    );
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect(textOf(await store.get('once'))).toBe(`writer ${outcomes.indexOf('written')}`);
  });

  it('writes with ifMatch only over the version that was read', async () => {
    const store = await open();
    await store.put('pointer', bytesOf('first'));
    const { entityTag } = (await store.getTagged('pointer'))!;
    expect(await store.put('pointer', bytesOf('second'), { ifMatch: entityTag })).toBe('written');
    expect(await store.put('pointer', bytesOf('late'), { ifMatch: entityTag })).toBe('refused');
    expect(textOf(await store.get('pointer'))).toBe('second');
  });

  it('lists by prefix in key order and forgets what is deleted', async () => {
    const store = await open();
    for (const key of ['x/2', 'x/10', 'y/1', 'x/1']) await store.put(key, bytesOf(key));
    await store.delete('x/10');
    await store.delete('never/there');
    const keys: string[] = [];
    for await (const object of store.list('x/')) keys.push(object.key);
    expect(keys).toEqual(['x/1', 'x/2']);
  });

  it('keeps an empty object', async () => {
    const store = await open();
    await store.put('empty', new Uint8Array());
    expect(await store.get('empty')).toEqual(new Uint8Array());
  });
}
