/** Two writers of one artefact, a late one among them, in every order in which their requests can reach the store. */
import { expect, it } from 'vitest';
import { type ArtefactOrigin, findArtefact, readArtefact, recordKey, writeArtefact } from './artefacts.ts';
import { MemoryStore } from './memory-store.ts';
import type { ObjectStore } from './store.ts';

const origin: ArtefactOrigin = { inputs: [], codeVersion: 'test', mediaType: 'text/plain' };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const KEY = 'runs/a/policy';

interface Writer {
  readonly finished: Promise<string>;
  /** Lets the next request through; false when the writer has made its last. */
  step(): Promise<boolean>;
}

/** A writer whose every request waits to be let through. */
function writerOf(store: ObjectStore, text: string): Writer {
  let waiting: (() => void) | undefined;
  let over = false;
  const gated = new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return async (...args: unknown[]) => {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
        return method.apply(target, args);
      };
    },
  });
  const finished = writeArtefact(gated, KEY, bytesOf(text), origin).then(
    ({ sha256 }) => sha256,
    (error: { code: string }) => error.code,
  );
  void finished.then(() => {
    over = true;
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    finished,
    step: async () => {
      await settle();
      if (over || !waiting) return false;
      const letThrough = waiting;
      waiting = undefined;
      letThrough();
      await settle();
      return true;
    },
  };
}

/** Whatever is complete is whole and the same as before. */
async function completeBytes(store: MemoryStore): Promise<string | undefined> {
  const reference = await findArtefact(store, KEY);
  return reference && new TextDecoder().decode(await readArtefact(store, reference));
}

/** All orders of up to `length` requests of writers 0 and 1. */
function orders(length: number): number[][] {
  return Array.from({ length: 2 ** length }, (_, bits) => Array.from({ length }, (_, i) => (bits >> i) & 1));
}

it.each([
  ['the same bytes', 'policy', 'policy'],
  ['other bytes', 'policy', 'policy of another host'],
])('end with one whole artefact that never changes once it is complete: %s', async (_, one, two) => {
  let decidedBySecond = 0;
  for (const order of orders(10)) {
    const store = new MemoryStore();
    const writers = [writerOf(store, one), writerOf(store, two)];
    let complete: string | undefined;
    for (const turn of [...order, ...order.map(() => 0), ...order.map(() => 1)]) {
      await writers[turn]!.step();
      const now = await completeBytes(store);
      if (complete !== undefined) expect(now, order.join('')).toBe(complete);
      complete = now;
    }
    const outcomes = await Promise.all(writers.map(({ finished }) => finished));
    const { sha256 } = (await findArtefact(store, KEY))!;
    expect(outcomes, order.join('')).toContain(sha256);
    for (const outcome of outcomes) expect([sha256, 'ChecksumMismatch']).toContain(outcome);
    if (complete === two && two !== one) decidedBySecond++;
  }
  if (one !== two) expect(decidedBySecond).toBeGreaterThan(0);
});

it('a writer that died after its object leaves nothing in the way of one with other bytes', async () => {
  const store = new MemoryStore();
  await store.put(KEY, bytesOf('of another thread count'));
  const reference = await writeArtefact(store, KEY, bytesOf('policy'), origin);
  expect(new TextDecoder().decode(await readArtefact(store, reference))).toBe('policy');
});

it('an artefact that was damaged is made again once its record is gone', async () => {
  const store = new MemoryStore();
  const reference = await writeArtefact(store, KEY, bytesOf('policy'), origin);
  await store.put(KEY, bytesOf('polizy'));
  await store.delete(recordKey(KEY));
  expect(await writeArtefact(store, KEY, bytesOf('policy'), origin)).toEqual(reference);
  expect(new TextDecoder().decode(await readArtefact(store, reference))).toBe('policy');
});
