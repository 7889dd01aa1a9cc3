import { expect, it } from 'vitest';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { ActivityContext } from '../context.ts';
import { Checkpoints } from './checkpoints.ts';

function contextOf(store: MemoryStore): ActivityContext {
  const log = { info: () => undefined, warn: () => undefined };
  const cache = new LocalCache(store, '/nonexistent', 0);
  return {
    store,
    cache,
    log,
    codeVersion: 'test',
    signal: new AbortController().signal,
    heartbeat: () => undefined,
  };
}

function stateAt(step: number) {
  return { arrays: { weights: { shape: [2], data: Float32Array.from([step, -step]) } }, json: { step } };
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

it('finds the newest complete checkpoint and removes the older ones', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(contextOf(store), 'training/');
  expect(await checkpoints.newest()).toBeUndefined();
  for (const step of [9, 10, 100]) await checkpoints.save(step, stateAt(step), []);
  expect(await checkpoints.newest()).toEqual({ step: 100, state: stateAt(100) });
  expect(await keysOf(store)).toHaveLength(2);
});

it('passes over a checkpoint whose record was never written', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(contextOf(store), 'training/');
  await checkpoints.save(5, stateAt(5), []);
  await store.put('training/checkpoint-00000010.safetensors', new Uint8Array([1]));
  expect(await checkpoints.newest()).toEqual({ step: 5, state: stateAt(5) });
});

it('leaves nothing behind when it is cleared', async () => {
  const store = new MemoryStore();
  const checkpoints = new Checkpoints(contextOf(store), 'training/');
  await checkpoints.save(5, stateAt(5), []);
  await checkpoints.clear();
  expect(await keysOf(store)).toEqual([]);
});
