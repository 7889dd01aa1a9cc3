import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distanceToBackground, squaredDistanceToSites } from './distance-transform.ts';

const anyCase = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 }))
  .chain(([rows, columns]) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      spacing: fc.tuple(
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
      ),
      sites: fc
        .array(fc.boolean(), { minLength: rows * columns, maxLength: rows * columns })
        .map((list) => Uint8Array.from(list, Number)),
    }),
  );

test('every distance equals the nearest of all sites, with unequal spacing', () => {
  fc.assert(
    fc.property(anyCase, ({ rows, columns, spacing, sites }) => {
      const found = squaredDistanceToSites(sites, rows, columns, spacing);
      for (let i = 0; i < sites.length; i++) {
        let nearest = Number.POSITIVE_INFINITY;
        for (let j = 0; j < sites.length; j++) {
          if (sites[j] === 0) continue;
          const down = (Math.floor(i / columns) - Math.floor(j / columns)) * spacing[0];
          const across = ((i % columns) - (j % columns)) * spacing[1];
          nearest = Math.min(nearest, down * down + across * across);
        }
        if (nearest === Number.POSITIVE_INFINITY) expect(found[i]).toBe(nearest);
        else expect(found[i]).toBeCloseTo(nearest, 9);
      }
    }),
    { numRuns: 150, seed: 3 },
  );
});

test('distance to background is 0 outside the mask and infinite when the mask fills the image', () => {
  expect(Array.from(distanceToBackground(Uint8Array.of(0, 1, 1), 1, 3, [1, 0.5]))).toEqual([0, 0.5, 1]);
  expect(distanceToBackground(Uint8Array.of(1), 1, 1)[0]).toBe(Number.POSITIVE_INFINITY);
});
