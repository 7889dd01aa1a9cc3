import { expect, it } from 'vitest';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { type ActivityContext, contextOf } from '../context.ts';
import { Checkpoints } from './checkpoints.ts';

interface World {
  readonly store: MemoryStore;
  readonly context: ActivityContext;
  readonly checkpoints: Checkpoints;
  readonly warnings: unknown[];
}

function world(signal = new AbortController().signal): World {
  const store = new MemoryStore();
  const warnings: unknown[] = [];
  const services = {
    store,
    cache: new LocalCache(store, '/nonexistent', 0),
    log: { info: () => undefined, warn: (fields: unknown) => void warnings.push(fields) },
    codeVersion: 'test',
  };
  const context: ActivityContext = contextOf(services, signal, () => undefined);
  return { store, context, checkpoints: new Checkpoints(context, 'training/'), warnings };
}

function stateAt(step: number) {
  return { arrays: { weights: { shape: [2], data: Float32Array.from([step, -step]) } }, json: { step } };
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

const keyOf = (step: number) => `training/checkpoint-${String(step).padStart(8, '0')}.safetensors`;

it('finds the newest complete checkpoint, keeps the one before it and removes the older ones', async () => {
  const { store, checkpoints } = world();
  expect(await checkpoints.newest()).toBeUndefined();
  for (const step of [9, 10, 100]) await checkpoints.save(step, stateAt(step), []);
  expect(await checkpoints.newest()).toEqual({ step: 100, state: stateAt(100) });
  expect(await keysOf(store)).toEqual([10, 100].flatMap((step) => [keyOf(step), `${keyOf(step)}.json`]));
});

it('passes over a checkpoint whose record was never written', async () => {
  const { store, checkpoints } = world();
  await checkpoints.save(5, stateAt(5), []);
  await store.put(keyOf(10), new Uint8Array([1]));
  expect(await checkpoints.newest()).toEqual({ step: 5, state: stateAt(5) });
  await checkpoints.save(10, stateAt(10), []);
  expect(await checkpoints.newest()).toEqual({ step: 10, state: stateAt(10) });
});

it.each([
  ['changed', (store: MemoryStore) => store.put(keyOf(10), new Uint8Array([1]))],
  ['gone', (store: MemoryStore) => store.delete(keyOf(10))],
  ['without a readable record', (store: MemoryStore) => store.put(`${keyOf(10)}.json`, new Uint8Array())],
])('goes back one when the newest is %s, says so, and can save that step again', async (_, spoil) => {
  const { store, checkpoints, warnings } = world();
  for (const step of [1, 5, 10]) await checkpoints.save(step, stateAt(step), []);
  await spoil(store);
  expect(await checkpoints.newest()).toEqual({ step: 5, state: stateAt(5) });
  expect(warnings).toEqual([expect.objectContaining({ key: keyOf(10) })]);
  await checkpoints.save(10, stateAt(10), []);
  expect(await checkpoints.newest()).toEqual({ step: 10, state: stateAt(10) });
});

it('starts at the beginning when no checkpoint can be read', async () => {
  const { store, checkpoints, warnings } = world();
  for (const step of [5, 10]) {
    await checkpoints.save(step, stateAt(step), []);
    await store.put(keyOf(step), new Uint8Array([1]));
  }
  expect(await checkpoints.newest()).toBeUndefined();
  expect(warnings).toHaveLength(2);
});

it('saves once more when its activity has been cancelled', async () => {
  const controller = new AbortController();
  const { store, checkpoints } = world(controller.signal);
  await checkpoints.save(5, stateAt(5), []);
  controller.abort(new Error('cancelled'));
  await checkpoints.save(7, stateAt(7), []);
  expect(await keysOf(store)).toContain(`${keyOf(7)}.json`);
});

it("of two attempts in a run of mixed machines, of whom one was thought dead, takes the first one's", async () => {
  const { store, context } = world();
  const [dead, alive] = [1, 2].map(() => new Checkpoints({ ...context, firstHolds: true }, 'training/'));
  const put = store.put.bind(store);
  store.put = async (...given) => {
    store.put = put;
    await dead!.save(5, stateAt(1), []);
    return put(...given);
  };
  await alive!.save(5, stateAt(2), []);
  expect(await alive!.newest()).toEqual({ step: 5, state: stateAt(1) });
});

it('leaves nothing behind when it is cleared', async () => {
  const { store, checkpoints } = world();
  await checkpoints.save(5, stateAt(5), []);
  await store.put(keyOf(7), new Uint8Array([1]));
  await checkpoints.clear();
  expect(await keysOf(store)).toEqual([]);
});
