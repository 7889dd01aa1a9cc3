/** Which of the videos a worker of a local-SGD round trains on (method.md 7). */

/**
 * Every `workers`-th item, beginning with number `worker` (from 0): each item belongs to one worker. With fewer items
 * than workers, a worker without an item of its own takes them all.
 */
export function shardOfWorker<Item>(
  items: readonly Item[],
  worker: number,
  workers: number,
): readonly Item[] {
  const shard = items.filter((_, index) => index % workers === worker);
  return shard.length > 0 ? shard : items;
}
