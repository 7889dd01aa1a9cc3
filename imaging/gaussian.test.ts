import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaussianFilter1d, gaussianFilter2d, gaussianMatrix } from './gaussian.ts';

describe('Gaussian filter', () => {
  test('equals scipy.ndimage.gaussian_filter1d in each edge mode', () => {
    // scipy 1.11.4: gaussian_filter1d([0, 0, 1, 4, 9, 2], 1.1, mode=...)
    const signal = [0, 0, 1, 4, 9, 2];
    const expected = {
      reflect: [
        0.11978224073756026, 0.5983739499794731, 1.9660058631106214, 4.010827835100429, 4.993162939654914,
        4.3118471714170035,
      ],
      wrap: [
        1.2496232084652932, 0.8179231820838662, 1.9870157756343019, 3.989817922576748, 4.7736137075505205,
        3.1820062036892702,
      ],
      nearest: [
        0.1090334308062614, 0.5978862426405558, 1.9660058631106214, 4.007413883728008, 4.930601660947671,
        3.808573920430251,
      ],
    } as const;
    for (const [mode, values] of Object.entries(expected)) {
      const found = gaussianFilter1d(signal, 1.1, mode as keyof typeof expected);
      for (const [i, value] of values.entries()) expect(found[i]).toBeCloseTo(value, 12);
    }
  });

  test('a wide kernel on a short signal reflects as often as needed', () => {
    // scipy 1.11.4: gaussian_filter1d([1, 2], 5)
    const found = gaussianFilter1d([1, 2], 5);
    expect(found[0]).toBeCloseTo(1.4999957076176311, 12);
    expect(found[1]).toBeCloseTo(1.500004292382369, 12);
  });

  test('keeps the mean and the bounds of an image', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0.1, max: 6, noNaN: true }),
        fc.integer({ min: 0, max: 1000 }),
        (rows, columns, sigma, seed) => {
          const image = Float64Array.from({ length: rows * columns }, (_, i) => ((i + seed) * 7919) % 13);
          const found = gaussianFilter2d(image, rows, columns, sigma);
          const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
          expect(mean(found)).toBeCloseTo(mean(image), 9);
          expect(Math.max(...found)).toBeLessThanOrEqual(Math.max(...image) + 1e-9);
          expect(Math.min(...found)).toBeGreaterThanOrEqual(Math.min(...image) - 1e-9);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  test('is a matrix, however far the kernel reaches beyond the ends', () => {
    for (const mode of ['reflect', 'wrap', 'nearest'] as const) {
      for (const sigma of [0.8, 3, 12]) {
        const signal = Float64Array.from({ length: 7 }, (_, i) => Math.sin(i * i));
        const matrix = gaussianMatrix(7, sigma, mode);
        gaussianFilter1d(signal, sigma, mode).forEach((expected, i) => {
          const found = signal.reduce((sum, value, k) => sum + matrix[i * 7 + k]! * value, 0);
          expect(found).toBeCloseTo(expected, 12);
        });
      }
    }
  });

  test('sigma 0 and an empty signal change nothing, and the input is left alone', () => {
    expect(Array.from(gaussianFilter1d([3, 1], 0))).toEqual([3, 1]);
    expect(gaussianFilter1d([], 2)).toHaveLength(0);
    const image = Float32Array.of(1, 0, 0, 0);
    gaussianFilter2d(image, 2, 2, 1);
    expect(Array.from(image)).toEqual([1, 0, 0, 0]);
  });
});
