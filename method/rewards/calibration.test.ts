import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { binaryNegativeLogLikelihood, fitTemperature, sigmoid } from './calibration.ts';

function samples(temperature: number, count: number): { logits: Float32Array; labels: Float32Array } {
  const random = randomStream(1, 'calibration');
  const logits = Float32Array.from({ length: count }, () => 3 * random.normal());
  const labels = logits.map((logit) => (random.uniform() < sigmoid(logit / temperature) ? 1 : 0));
  return { logits, labels };
}

describe('temperature scaling', () => {
  it.each([0.5, 1, 4])('recovers a temperature of %s from labels drawn with it', (temperature) => {
    const { logits, labels } = samples(temperature, 200_000);
    expect(fitTemperature(logits, labels) / temperature).toBeCloseTo(1, 1);
  });

  it('is at a minimum of the likelihood', () => {
    const { logits, labels } = samples(2, 2000);
    const temperature = fitTemperature(logits, labels);
    const best = binaryNegativeLogLikelihood(logits, labels, temperature);
    expect(binaryNegativeLogLikelihood(logits, labels, temperature * 1.01)).toBeGreaterThan(best);
    expect(binaryNegativeLogLikelihood(logits, labels, temperature / 1.01)).toBeGreaterThan(best);
  });

  it('stays inside its range for labels that the logits separate or contradict', () => {
    const logits = Float32Array.of(-3, -1, 1, 3);
    const separated = fitTemperature(logits, [0, 0, 1, 1]);
    expect(separated).toBeGreaterThanOrEqual(0.01);
    expect(separated).toBeLessThan(0.1);
    expect(fitTemperature(logits, [1, 1, 0, 0])).toBeCloseTo(100, 3);
  });

  it('refuses an empty split and logits that are not finite', () => {
    expect(() => fitTemperature(new Float32Array(0), [])).toThrow('at least one pixel');
    expect(() => fitTemperature(Float32Array.of(Number.NaN, 1), [0, 1])).toThrow('diverged');
  });

  it('computes the logistic function without overflow', () => {
    expect(sigmoid(-1000)).toBe(0);
    expect(sigmoid(1000)).toBe(1);
    expect(sigmoid(0)).toBe(0.5);
  });
});
