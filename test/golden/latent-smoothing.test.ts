import { describe, expect, it } from 'vitest';
import {
  FIXED_SMOOTHNESS_WEIGHT,
  smoothSignal,
  smoothWithinThreshold,
} from '../../method/rewards/latent-smoothing.ts';
import { loadGolden } from './golden-files.ts';

function expectClose(actual: Float64Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-9);
}

describe('latent smoothing against the published descent', () => {
  for (const golden of loadGolden('latent_smoothing').cases) {
    it(`smooths ${golden.name} with the fixed weight and within its threshold`, () => {
      expect(golden.fixed_weight).toBe(FIXED_SMOOTHNESS_WEIGHT);
      expectClose(smoothSignal(golden.z, golden.fixed_weight), golden.smoothed_fixed);

      const [minimum, maximum] = golden.bounds;
      const constrained = smoothWithinThreshold(golden.z, golden.threshold, { minimum, maximum });
      expectClose(constrained.signal, golden.smoothed_constrained);
      expect(constrained.weight).toBe(golden.constrained_weight);
      expect(constrained.constraintMet).toBe(golden.constraint_met);
    });
  }
});
