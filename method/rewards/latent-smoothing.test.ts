import { describe, expect, it } from 'vitest';
import { smoothSignal, smoothWithinThreshold } from './latent-smoothing.ts';

const bounds = { minimum: -1, maximum: 1 };
const noisy = [0, 0.4, -0.3, 0.5, -0.2, 0.3, 0.1];

describe('latent smoothing', () => {
  it('changes nothing without weight, in a constant signal, and in one frame', () => {
    expect([...smoothSignal(noisy, 0)]).toEqual(noisy);
    expect([...smoothSignal([0.5, 0.5, 0.5], 50)]).toEqual([0.5, 0.5, 0.5]);
    expect([...smoothSignal([0.7], 50)]).toEqual([0.7]);
    expect(smoothSignal([], 50)).toHaveLength(0);
  });

  it('finds a larger weight for a tighter threshold', () => {
    const loose = smoothWithinThreshold(noisy, 0.1, bounds);
    const tight = smoothWithinThreshold(noisy, 0.01, bounds);
    expect(loose.constraintMet).toBe(true);
    expect(tight.constraintMet).toBe(true);
    expect(tight.weight).toBeGreaterThan(loose.weight);
  });

  it('says when no weight in its range keeps the threshold', () => {
    const result = smoothWithinThreshold([0, 50, 0, 50, 0], 1e-6, bounds);
    expect(result.constraintMet).toBe(false);
    expect(result.weight).toBe(128);
  });

  it('has nothing to enforce in a dimension that was constant in training', () => {
    const result = smoothWithinThreshold(noisy, 0.01, { minimum: 2, maximum: 2 });
    expect(result.constraintMet).toBe(true);
    expect(result.weight).toBe(4);
  });
});
