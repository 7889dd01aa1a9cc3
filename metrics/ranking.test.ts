import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areaUnderRoc } from './ranking.ts';

describe('area under the ROC curve', () => {
  test('is 1 when every positive scores above every negative, 0 when below', () => {
    expect(areaUnderRoc([0, 1, 0, 1], [0.1, 0.8, 0.2, 0.9])).toBe(1);
    expect(areaUnderRoc([1, 0, 1, 0], [0.1, 0.8, 0.2, 0.9])).toBe(0);
  });

  test('counts a tie as half', () => {
    expect(areaUnderRoc([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])).toBe(0.5);
    // Of the six pairs 0.7 wins three, 0.3 wins one and ties one.
    expect(areaUnderRoc([1, 1, 0, 0, 0], [0.7, 0.3, 0.3, 0.1, 0.5])).toBeCloseTo(4.5 / 6, 12);
  });

  test('agrees with counting every pair', () => {
    const pixel = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(fc.array(pixel, { maxLength: 60 }), (pixels) => {
        const positives = pixels.filter(([positive]) => positive === 1);
        const negatives = pixels.filter(([positive]) => positive === 0);
        const area = areaUnderRoc(
          pixels.map(([positive]) => positive),
          pixels.map(([, score]) => score),
        );
        if (positives.length === 0 || negatives.length === 0) {
          expect(area).toBeUndefined();
          return;
        }
        const won = positives.flatMap(([, a]) => negatives.map(([, b]) => 0.5 + 0.5 * Math.sign(a - b)));
        const wins = won.reduce((sum, win) => sum + win, 0);
        expect(area).toBeCloseTo(wins / (positives.length * negatives.length), 12);
      }),
    );
  });

  test('is refused for lists of different lengths', () => {
    expect(() => areaUnderRoc([1, 0], [0.5])).toThrow(expect.objectContaining({ code: 'GeometryMismatch' }));
  });
});
