import { describe, expect, it } from 'vitest';
import { binaryNegativeLogLikelihood, fitTemperature } from '../../method/rewards/calibration.ts';
import { decodeArray, loadGolden } from './golden-files.ts';

describe('temperature scaling against the binary optimum', () => {
  for (const golden of loadGolden('temperature').cases) {
    it(`finds the temperature of ${golden.name}`, () => {
      const logits = Float32Array.from(decodeArray(golden.logits).data);
      const labels = Float32Array.from(decodeArray(golden.labels).data);
      const temperature = fitTemperature(logits, labels);
      // The stored optimum is accurate to about 3e-4 of itself; the one found here must be at least as likely.
      expect(Math.abs(temperature / golden.temperature_binary_nll - 1)).toBeLessThan(1e-3);
      expect(binaryNegativeLogLikelihood(logits, labels, temperature)).toBeLessThanOrEqual(
        binaryNegativeLogLikelihood(logits, labels, golden.temperature_binary_nll),
      );
      expect(binaryNegativeLogLikelihood(logits, labels, temperature)).toBeCloseTo(golden.nll_at_optimum, 6);
      expect(binaryNegativeLogLikelihood(logits, labels, 1)).toBeCloseTo(golden.nll_at_1, 6);
    });
  }
});
