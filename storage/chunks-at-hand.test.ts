import { expect, it } from 'vitest';
import { ChunkedArtefact, writeChunkedArtefact } from './chunked-artefact.ts';
import { ChunksAtHand } from './chunks-at-hand.ts';
import { MemoryStore } from './memory-store.ts';
import type { GetOptions } from './store.ts';

const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };

class CountingStore extends MemoryStore {
  requests = 0;

  override get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    this.requests++;
    return super.get(key, options);
  }
}

async function twentyChunks(): Promise<{ store: CountingStore; artefact: ChunkedArtefact }> {
  const store = new CountingStore();
  const chunks = Array.from({ length: 20 }, (_, i) => new Uint8Array(100).fill(i));
  const artefact = await ChunkedArtefact.open(
    store,
    await writeChunkedArtefact(store, 'k', { header: null, chunks }, origin),
  );
  store.requests = 0;
  return { store, artefact };
}

it('hands out what was fetched without asking again, and asks for the gaps alone', async () => {
  const { store, artefact } = await twentyChunks();
  const hand = new ChunksAtHand(10_000);
  await hand.fetch([{ artefact, first: 4, count: 4 }]);
  expect(hand.take(artefact, 7)).toEqual(new Uint8Array(100).fill(7));
  expect(store.requests).toBe(1);
  await hand.fetch([
    { artefact, first: 2, count: 8 },
    { artefact, first: 3, count: 2 },
  ]);
  // Chunks 2 and 3 in one request, 8 and 9 in another, and 3 again for the second range.
  expect(store.requests).toBeLessThanOrEqual(4);
  expect([2, 9].map((index) => hand.take(artefact, index)[0])).toEqual([2, 9]);
  expect(hand.bytes).toBe(800);
  expect(() => hand.take(artefact, 10)).toThrow('Chunk 10 of k was not fetched');
});

it('stays within its budget but for what was asked for last, and lets go what was not used for longest', async () => {
  const { artefact } = await twentyChunks();
  const hand = new ChunksAtHand(500);
  for (const first of [0, 2, 4]) await hand.fetch([{ artefact, first, count: 2 }]);
  expect(hand.bytes).toBe(500);
  await hand.fetch([{ artefact, first: 1, count: 1 }]);
  await hand.fetch([{ artefact, first: 10, count: 1 }]);
  expect(hand.take(artefact, 1)[0]).toBe(1);
  expect(() => hand.take(artefact, 2)).toThrow('not fetched');
  await hand.fetch([{ artefact, first: 8, count: 12 }]);
  expect(hand.bytes).toBe(1200);
  await hand.fetch([{ artefact, first: 0, count: 0 }]);
  expect(hand.bytes).toBe(500);
});
