import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { fuseOverTime, fusionWeights } from './time-fusion.ts';

const five = [0.06, 0.24, 0.4, 0.24, 0.06];

function fused(
  values: readonly number[],
  frames = values.length,
  weights: readonly number[] = five,
): number[] {
  const copy = Float32Array.from(values);
  fuseOverTime(copy, frames, weights);
  return [...copy];
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
}

it('spreads a frame over its neighbours by the weights, and leaves frames beyond them alone', () => {
  expectClose(fused([0, 0, 0, 0, 1, 0, 0, 0, 0]), [0, 0, 0.06, 0.24, 0.4, 0.24, 0.06, 0, 0]);
});

it('takes the frames that there are at the ends', () => {
  expectClose(fused([1, 0, 0, 0]), [0.4 / 0.7, 0.24 / 0.94, 0.06 / 0.94, 0]);
  expectClose(fused([0, 0, 0, 1]), [0, 0.06 / 0.94, 0.24 / 0.94, 0.4 / 0.7]);
  expectClose(fused([1, 0]), [0.4 / 0.64, 0.24 / 0.64]);
});

it('leaves one frame alone and a video that does not change as they are, and pixels apart', () => {
  expect(fused([0.3, 0.7, 0.1], 1)).toEqual([...Float32Array.of(0.3, 0.7, 0.1)]);
  expectClose(fused([0.3, 0.7, 0.3, 0.7, 0.3, 0.7], 3), [0.3, 0.7, 0.3, 0.7, 0.3, 0.7]);
});

it('does nothing where a frame has the only weight', () => {
  expect(fused([0.3, 0.7, 0.1], 3, [1])).toEqual([...Float32Array.of(0.3, 0.7, 0.1)]);
});

it('takes weights in proportion, as they are in a video of many frames a second', () => {
  expectClose(fusionWeights({ weights: [3, 12, 20, 12, 3], frameMs: 50 }, 50), five);
  expectClose(fusionWeights({ weights: five, frameMs: 50 }, 10), five);
});

it('has the same variance in time at any lower frame rate', () => {
  const varianceAt = (frameTimeMs: number): number => {
    const weights = fusionWeights({ weights: five, frameMs: 50 }, frameTimeMs);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 12);
    return weights.reduce((sum, weight, i) => sum + weight * ((i - 2) * frameTimeMs) ** 2, 0);
  };
  for (const frameTimeMs of [60, 100, 300]) expect(varianceAt(frameTimeMs)).toBeCloseTo(varianceAt(50), 9);
  expectClose(fusionWeights({ weights: five, frameMs: 50 }, 100), [0.015, 0.06, 0.85, 0.06, 0.015]);
});

it('refuses weights without a middle', () => {
  for (const weights of [[], [0.5, 0.5], [0.5, 0, 0.5]])
    expect(() => InferenceSchema.parse({ timeFusion: { weights } })).toThrow();
});
