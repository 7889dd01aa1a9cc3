import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { componentRuns, fillHoles, labelComponents, largestComponent, valueTable } from './components.ts';

/** Rows of '.' and '#' as a mask. */
function maskOf(...lines: string[]): { mask: Uint8Array; rows: number; columns: number } {
  const mask = Uint8Array.from(lines.join(''), (sign) => (sign === '#' ? 1 : 0));
  return { mask, rows: lines.length, columns: lines[0]!.length };
}

const anyMask = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([rows, columns]) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      mask: fc
        .array(fc.integer({ min: 0, max: 1 }), { minLength: rows * columns, maxLength: rows * columns })
        .map((list) => Uint8Array.from(list)),
    }),
  );

/** Pixels beside pixel `i`, and `i` itself. */
function* around(i: number, rows: number, columns: number, connectivity: 4 | 8): Generator<number> {
  const r = Math.floor(i / columns);
  const c = i % columns;
  for (let y = Math.max(0, r - 1); y <= Math.min(rows - 1, r + 1); y++) {
    for (let x = Math.max(0, c - 1); x <= Math.min(columns - 1, c + 1); x++) {
      if (connectivity === 8 || y === r || x === c) yield y * columns + x;
    }
  }
}

/** Components by flood fill, numbered in scan order. */
function floodLabels(mask: Uint8Array, rows: number, columns: number, connectivity: 4 | 8): Int32Array {
  const labels = new Int32Array(mask.length);
  let next = 0;
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || labels[start] !== 0) continue;
    labels[start] = ++next;
    const stack = [start];
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      for (const j of around(i, rows, columns, connectivity)) {
        if (mask[j] === 0 || labels[j] !== 0) continue;
        labels[j] = next;
        stack.push(j);
      }
    }
  }
  return labels;
}

describe('connected components', () => {
  test('equal a flood fill, numbered in scan order', () => {
    fc.assert(
      fc.property(anyMask, fc.constantFrom<4 | 8>(4, 8), ({ mask, rows, columns }, connectivity) => {
        const { labels, sizes } = labelComponents(mask, rows, columns, connectivity);
        expect(labels).toEqual(floodLabels(mask, rows, columns, connectivity));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(rows * columns);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test('a diagonal joins only with eight neighbours', () => {
    const { mask, rows, columns } = maskOf('#..', '.#.', '..#');
    expect(componentRuns(mask, rows, columns, 4).components).toBe(3);
    expect(componentRuns(mask, rows, columns, 8).components).toBe(1);
  });

  test('members choose the label values', () => {
    const labels = Uint8Array.of(1, 2, 1, 0);
    expect(componentRuns(labels, 1, 4, 4, valueTable(1)).components).toBe(2);
    expect(componentRuns(labels, 1, 4, 4, valueTable(1, 2)).components).toBe(1);
  });

  test('the first of two largest components is kept', () => {
    const { mask, rows, columns } = maskOf('##.', '...', '.##');
    expect(Array.from(largestComponent(mask, rows, columns, 4))).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('an empty mask has no component and stays empty', () => {
    expect(labelComponents(new Uint8Array(6), 2, 3, 8).sizes).toEqual([6]);
    expect(largestComponent(new Uint8Array(6), 2, 3, 8)).toEqual(new Uint8Array(6));
  });
});

describe('filling holes', () => {
  test('fills what background cannot leave by four-neighbour steps', () => {
    const { mask, rows, columns } = maskOf('.#.', '#.#', '.#.');
    expect(fillHoles(mask, rows, columns)[4]).toBe(1);
    expect(fillHoles(mask, rows, columns, 8)[4]).toBe(0);
  });

  test('never removes a pixel and changes nothing the second time', () => {
    fc.assert(
      fc.property(anyMask, ({ mask, rows, columns }) => {
        const filled = fillHoles(mask, rows, columns);
        for (let i = 0; i < mask.length; i++) expect(filled[i]).toBeGreaterThanOrEqual(mask[i]!);
        expect(fillHoles(filled, rows, columns)).toEqual(filled);
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});
