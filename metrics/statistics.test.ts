import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../ground/random.ts';
import { bootstrapMean, holmAdjusted, mcNemar, wilcoxonSignedRank } from './statistics.ts';

describe('bootstrap interval of a mean', () => {
  test('has the width of the normal interval for many values', () => {
    const random = randomStream(1, 'values');
    const values = Float64Array.from({ length: 400 }, () => 3 + random.normal());
    const interval = bootstrapMean(values, randomStream(1, 'bootstrap'), 2000);
    expect(interval.mean).toBeCloseTo(3, 0);
    expect((interval.high - interval.low) / (2 * 1.96 * 0.05)).toBeCloseTo(1, 0);
    expect(interval.low).toBeLessThan(interval.mean);
    expect(interval.high).toBeGreaterThan(interval.mean);
  });

  test('the same seed gives the same interval, one value has no width, and no value is refused', () => {
    const once = bootstrapMean([1, 2, 4], randomStream(2, 'b'), 200);
    expect(bootstrapMean([1, 2, 4], randomStream(2, 'b'), 200)).toEqual(once);
    expect(bootstrapMean([5], randomStream(3, 'b'), 50)).toEqual({ mean: 5, low: 5, high: 5 });
    expect(() => bootstrapMean([], randomStream(4, 'b'))).toThrow(/at least one value/);
  });
});

describe('Wilcoxon signed-rank test', () => {
  test('is exact for few pairs without ties (scipy 1.11.4)', () => {
    const found = wilcoxonSignedRank([1.1, 2.2, 3.1, 4.9, 5.2, 7.7], [2.0, 1.0, 5.1, 8.0, 4.8, 3.0]);
    expect(found).toEqual({ statistic: 10, pValue: 1, pairs: 6 });
  });

  test('uses the normal approximation with ties and equal pairs (scipy 1.11.4)', () => {
    const a = [125, 115, 130, 140, 140, 115, 140, 125, 140, 135];
    const b = [110, 122, 125, 120, 140, 124, 123, 137, 135, 145];
    const found = wilcoxonSignedRank(a, b);
    expect(found.statistic).toBe(18);
    expect(found.pValue).toBeCloseTo(0.5936305914425295, 6);
    expect(found.pairs).toBe(9);
  });

  test('does not depend on the order of methods or pairs, and p lies in [0, 1]', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 70,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const a = list.map((pair) => pair[0]);
        const b = list.map((pair) => pair[1]);
        const found = wilcoxonSignedRank(a, b);
        expect(found.pValue).toBeGreaterThanOrEqual(0);
        expect(found.pValue).toBeLessThanOrEqual(1);
        expect(wilcoxonSignedRank(b, a).pValue).toBeCloseTo(found.pValue, 12);
        expect(wilcoxonSignedRank(a.toReversed(), b.toReversed()).pValue).toBeCloseTo(found.pValue, 12);
      }),
      { numRuns: 80, seed: 8 },
    );
  });
});

describe('McNemar test', () => {
  test('is the binomial test of the pairs that differ', () => {
    const first = [...Array(3).fill(true), ...Array(9).fill(false), true, true, false];
    const second = [...Array(3).fill(false), ...Array(9).fill(true), true, true, false];
    const found = mcNemar(first, second);
    expect(found.onlyFirst).toBe(3);
    expect(found.onlySecond).toBe(9);
    expect(found.pValue).toBeCloseTo(0.14599609375, 12);
  });

  test('equal verdicts have p 1 and thousands of pairs do not underflow', () => {
    expect(mcNemar([true, false], [true, false]).pValue).toBe(1);
    const many = Array.from({ length: 4000 }, (_, i) => i % 2 === 0);
    expect(
      mcNemar(
        many,
        many.map((verdict) => !verdict),
      ).pValue,
    ).toBe(1);
    expect(() => mcNemar([true], [])).toThrow(/equal lists/);
  });
});

describe('several tests', () => {
  test('corrects p-values as Holm does, in their order', () => {
    // R: p.adjust(c(0.04, 0.01, 0.03, 0.8), "holm")
    expect(holmAdjusted([0.04, 0.01, 0.03, 0.8])).toEqual(
      [0.09, 0.04, 0.09, 0.8].map((p) => expect.closeTo(p)),
    );
    expect(holmAdjusted([])).toEqual([]);
  });
});
