import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const items = Array.from({ length: 50 }, (_, i) => i);

it('gives results in order, never more than so many at once, and tells how far it is', async () => {
  let running = 0;
  let most = 0;
  const progress: number[] = [];
  const results = await inParallel(
    items,
    async (item) => {
      most = Math.max(most, ++running);
      for (let i = 0; i < (item * 7) % 5; i++) await tick();
      running--;
      return item * 2;
    },
    { concurrency: 4, onProgress: (done, total) => progress.push(done / total) },
  );
  expect(results).toEqual(items.map((item) => item * 2));
  expect(most).toBe(4);
  expect(progress).toEqual(items.map((item) => (item + 1) / 50));
});

it('throws the first failure once all that had begun has ended, and begins nothing after it', async () => {
  let begun = 0;
  let running = 0;
  const work = async (item: number) => {
    begun++;
    running++;
    await tick();
    if (item !== 3) await tick();
    running--;
    if (item === 3) throw new Error('bad');
  };
  await expect(inParallel(items, work, { concurrency: 4 })).rejects.toThrow('bad');
  expect(running).toBe(0);
  expect(begun).toBe(4);
});

it('stops when it is cancelled, with the reason as it is', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  let begun = 0;
  const work = async () => {
    if (++begun === 10) controller.abort(reason);
    await tick();
  };
  await expect(inParallel(items, work, { concurrency: 2, signal: controller.signal })).rejects.toBe(reason);
  expect(begun).toBeLessThan(12);
});

it('has nothing to do for no items', async () => {
  expect(await inParallel([], tick)).toEqual([]);
});
