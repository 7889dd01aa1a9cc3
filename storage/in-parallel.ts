/** Many small pieces of waiting, such as thousands of reads, a bounded number at a time. */
import { storeLimits } from '../temporal.config.ts';

export interface ParallelOptions {
  /** Pieces at once. */
  readonly concurrency?: number;
  /** No further piece begins once it is aborted; its reason is then thrown. */
  readonly signal?: AbortSignal | undefined;
  /** After each piece: how many are done, of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Results in the order of the items. The first failure is thrown, after the pieces that had begun have ended: nothing
 * goes on behind the caller's back.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
  { concurrency = storeLimits.readsAtOnce, signal, onProgress }: ParallelOptions = {},
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const failures: unknown[] = [];
  const waiting = items.entries();
  let done = 0;
  const run = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      try {
        signal?.throwIfAborted();
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
      onProgress?.(++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, run));
  if (failures.length > 0) throw failures[0];
  return results;
}
