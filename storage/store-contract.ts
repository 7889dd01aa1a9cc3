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
    const head = (await store.head('a/b'))!;
    expect(head).toMatchObject({ key: 'a/b', bytes: 5 });
    expect(Math.abs(Date.now() - head.writtenMs)).toBeLessThan(60_000);
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

  it('gives part of an object, as much of it as there is', async () => {
    const store = await open();
    await store.put('letters', bytesOf('abcdefgh'));
    const part = (start: number, bytes: number) => store.get('letters', { range: { start, bytes } });
    expect(textOf(await part(2, 3))).toBe('cde');
    expect(textOf(await part(6, 10))).toBe('gh');
    expect(textOf(await part(8, 1))).toBe('');
    expect(textOf(await part(3, 0))).toBe('');
    expect(await store.get('none', { range: { start: 0, bytes: 1 } })).toBeUndefined();
  });

  it('makes no request for whoever has been cancelled, and throws the reason as it is', async () => {
    const store = await open();
    await store.put('a', bytesOf('a'));
    const reason = new Error('the activity was cancelled');
    const signal = AbortSignal.abort(reason);
    await expect(store.get('a', { signal })).rejects.toBe(reason);
    await expect(store.put('a', bytesOf('b'), { signal })).rejects.toBe(reason);
    await expect(store.head('a', { signal })).rejects.toBe(reason);
    await expect(store.delete('a', { signal })).rejects.toBe(reason);
    await expect(store.list('', { signal })[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    expect(textOf(await store.get('a'))).toBe('a');
  });

  it('keeps an empty object', async () => {
    const store = await open();
    await store.put('empty', new Uint8Array());
    expect(await store.get('empty')).toEqual(new Uint8Array());
  });
}
