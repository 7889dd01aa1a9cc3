import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchesOf } from './batches.ts';

it('goes through all items in order, in full batches and then in powers of two', () => {
  expect(batchesOf(19, 6).map(({ count }) => count)).toEqual([6, 6, 6, 1]);
  expect(batchesOf(11, 6).map(({ count }) => count)).toEqual([6, 4, 1]);
  expect(batchesOf(0, 6)).toEqual([]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), (items, most) => {
      let next = 0;
      for (const { start, count } of batchesOf(items, most)) {
        expect(start).toBe(next);
        expect(count === most || (count < most && Number.isInteger(Math.log2(count)))).toBe(true);
        next += count;
      }
      expect(next).toBe(items);
    }),
  );
});
