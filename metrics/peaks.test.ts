import { describe, expect, test } from 'vitest';
import { estimateCycles } from './cycles.ts';
import { findPeaks } from './peaks.ts';

describe('peaks', () => {
  test('a flat top counts once at its middle, ends never', () => {
    expect(findPeaks([3, 1, 2, 2, 2, 1, 3])).toEqual([3]);
    expect(findPeaks([1, 2, 2, 1])).toEqual([1]);
    expect(findPeaks([2, 2, 2])).toEqual([]);
    expect(findPeaks([])).toEqual([]);
  });

  test('height, distance and prominence each drop peaks', () => {
    const signal = [0, 5, 0, 9, 8, 8.5, 0, 3, 0];
    expect(findPeaks(signal)).toEqual([1, 3, 5, 7]);
    expect(findPeaks(signal, { height: 5 })).toEqual([1, 3, 5]);
    expect(findPeaks(signal, { distance: 3 })).toEqual([3, 7]);
    expect(findPeaks(signal, { prominence: 1 })).toEqual([1, 3, 7]);
  });
});

test('a sequence without a beat, one frame or none has one cycle', () => {
  expect(estimateCycles([])).toEqual({ cycles: 1, peaks: [], valleys: [] });
  expect(estimateCycles([5]).cycles).toBe(1);
  expect(estimateCycles([5, 5, 5, 5]).cycles).toBe(1);
});
