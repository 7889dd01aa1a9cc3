import { expect, it } from 'vitest';
import { shardOfWorker } from './shard-of-worker.ts';

it('gives every item to one worker', () => {
  const items = ['a', 'b', 'c', 'd', 'e'];
  const shards = [0, 1, 2].map((worker) => shardOfWorker(items, worker, 3));
  expect(shards).toEqual([['a', 'd'], ['b', 'e'], ['c']]);
  expect(shardOfWorker(items, 0, 1)).toEqual(items);
});

it('leaves no worker without work', () => {
  expect(shardOfWorker(['a'], 1, 2)).toEqual(['a']);
});
