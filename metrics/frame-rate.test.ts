import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leastFramesPerBeat, longestStretch, thresholdsAtFrameRate } from './frame-rate.ts';
import { temporalThresholds } from './temporal.ts';

/** Area of a ventricle that beats like a cosine. */
const beating = (frames: number, framesPerBeat: number, phase = 0.2): number[] =>
  Array.from({ length: frames }, (_, t) => 1500 + 400 * Math.cos(2 * Math.PI * (t / framesPerBeat + phase)));

describe('frames per beat that a video has at least', () => {
  test('the longest stretch without a second crossing is about a beat', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 5, max: 40, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (framesPerBeat, phase) => {
          const stretch = longestStretch(beating(80, framesPerBeat, phase));
          expect(stretch).toBeGreaterThanOrEqual(framesPerBeat - 1);
          expect(stretch).toBeLessThanOrEqual(framesPerBeat + 1.5);
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  test('a swap of one frame makes it no shorter', () => {
    const areas = beating(48, 16);
    const whole = longestStretch(areas);
    const swapped = areas.map((area, t) => (t === 20 ? 3000 - area : area));
    expect(longestStretch(swapped)).toBeGreaterThanOrEqual(whole - 1);
  });

  test('a heart that does not move crosses nothing', () => {
    expect(longestStretch([7, 7, 7, 7])).toBe(4);
    expect(longestStretch([])).toBe(0);
  });

  test('the frame time bounds it from below, so that flicker at 50 frames a second is no fast heart', () => {
    const flicker = Array.from({ length: 40 }, (_, t) => 1500 + 400 * (t % 2));
    expect(leastFramesPerBeat(flicker, 20)).toBe(25);
    expect(leastFramesPerBeat(flicker, 0)).toBe(5);
    expect(leastFramesPerBeat(flicker, 1000)).toBe(5);
    expect(leastFramesPerBeat(beating(40, 20), 1000)).toBeGreaterThanOrEqual(18);
  });
});

describe('thresholds at a frame rate', () => {
  test('from ten frames a beat they are the published ones', () => {
    for (const framesPerBeat of [10, 14, 25, 40, 1000]) {
      expect(thresholdsAtFrameRate(temporalThresholds, framesPerBeat)).toEqual(temporalThresholds);
    }
  });

  test('below, they rise as frames get fewer and are never lower than published', () => {
    const area = [9, 8, 7, 6, 5].map((n) => thresholdsAtFrameRate(temporalThresholds, n).lvArea);
    expect(area).toEqual([...area].sort((a, b) => a - b));
    expect(area[0]).toBeGreaterThan(temporalThresholds.lvArea);
    const five = thresholdsAtFrameRate(temporalThresholds, 5);
    expect(five.lvArea).toBeCloseTo(0.65, 2);
    expect(five.hausdorffEpi).toBeCloseTo(11.3, 1);
  });
});
