import fc from 'fast-check';
import { expect, test } from 'vitest';
import { componentRuns, valueTable } from '../imaging/components.ts';
import type { LabelFrame } from '../imaging/image.ts';
import { greatestDepth } from './greatest-depth.ts';
import { erosionRatioBeforeSplit } from './myocardium-thickness.ts';

/** The criterion as it is defined: erode, drop small pieces, count, until it is no longer one piece. */
function byEroding({ labels, rows, columns }: LabelFrame, small: number): number {
  let mask = labels.map((label) => Number(label === 2));
  if (!mask.includes(1) || !mask.includes(0)) return Number.NaN;
  const deepest = greatestDepth(componentRuns(mask, rows, columns, 8), rows, columns, 0);
  let erosions = 0;
  while (componentRuns(mask, rows, columns, 8).components === 1) {
    erosions++;
    mask = mask.map((_, i) => {
      const [r, c] = [Math.floor(i / columns), i % columns];
      for (let y = Math.max(0, r - 1); y <= Math.min(rows - 1, r + 1); y++) {
        for (let x = Math.max(0, c - 1); x <= Math.min(columns - 1, c + 1); x++) {
          if (mask[y * columns + x] === 0) return 0;
        }
      }
      return 1;
    });
    const parts = componentRuns(mask, rows, columns, 4);
    for (let i = 0; i < parts.runs; i++) {
      if (parts.sizes[parts.label[i]!]! >= small) continue;
      mask.fill(0, parts.row[i]! * columns + parts.start[i]!, parts.row[i]! * columns + parts.end[i]!);
    }
  }
  return erosions / deepest;
}

/** Myocardium where any of some discs is, but for some smaller ones: necks, corners and holes of all kinds. */
const anyShape = fc.record({
  rows: fc.integer({ min: 1, max: 30 }),
  columns: fc.integer({ min: 1, max: 30 }),
  discs: fc.array(
    fc.record({
      r: fc.integer({ min: 0, max: 30 }),
      c: fc.integer({ min: 0, max: 30 }),
      radius: fc.integer({ min: 0, max: 9 }),
      square: fc.boolean(),
      filled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  small: fc.constantFrom(0.05, 1, 3, 13.7),
});

interface Disc {
  readonly r: number;
  readonly c: number;
  readonly radius: number;
  readonly square: boolean;
  readonly filled: boolean;
}

/** One disc over the other: those that are not filled take away, half as wide. */
function drawn(rows: number, columns: number, discs: readonly Disc[]): Uint8Array {
  const labels = new Uint8Array(rows * columns);
  for (const { r, c, radius, square, filled } of discs) {
    const distance = square ? (y: number, x: number) => Math.max(Math.abs(y), Math.abs(x)) : Math.hypot;
    const [reach, label] = filled ? [radius, 2] : [radius / 2, 1];
    for (let i = 0; i < labels.length; i++) {
      if (distance(Math.floor(i / columns) - r, (i % columns) - c) <= reach) labels[i] = label;
    }
  }
  return labels;
}

test('equals eroding step by step, for any shape', () => {
  let split = 0;
  fc.assert(
    fc.property(anyShape, ({ rows, columns, discs, small }) => {
      const labels = drawn(rows, columns, discs);
      const frame: LabelFrame = { rows, columns, spacingMm: [1, 1], labels };
      const myo = componentRuns(labels, rows, columns, 8, valueTable(2));
      const expected = byEroding(frame, small);
      if (expected > 0) split++;
      const found = erosionRatioBeforeSplit(frame, myo, small);
      if (Number.isNaN(expected)) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(expected, 12);
    }),
    { numRuns: 400, seed: 31 },
  );
  expect(split).toBeGreaterThan(100);
});

test('a block with one pixel missing takes as many erosions as it is wide', () => {
  const [rows, columns] = [300, 300];
  const labels = new Uint8Array(rows * columns).fill(2);
  labels[0] = 0;
  const frame: LabelFrame = { rows, columns, spacingMm: [1, 1], labels };
  const myo = componentRuns(labels, rows, columns, 8, valueTable(2));
  expect(erosionRatioBeforeSplit(frame, myo, 30)).toBeCloseTo(299 / Math.hypot(299, 299), 12);
});
