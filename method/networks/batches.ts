/**
 * How many windows or frames go through a recorded network at once: few different counts, because each is recorded for
 * itself.
 */

/** Consecutive items that go through in one call. */
export interface Batch {
  readonly start: number;
  readonly count: number;
}

/**
 * `items` in batches of `most`, and what remains in batches of powers of two. A call of few windows costs hardly more a
 * window than one of many (docs/performance.md), so this is cheaper than filling the last batch up, and than recording
 * every remainder that videos of all lengths leave.
 */
export function batchesOf(items: number, most: number): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start < items; start += batches.at(-1)!.count) {
    const left = items - start;
    batches.push({ start, count: left >= most ? most : 2 ** Math.floor(Math.log2(left)) });
  }
  return batches;
}
