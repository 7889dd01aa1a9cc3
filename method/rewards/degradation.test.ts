import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { addImageNoise, perturbWeights, reduceContrast } from './degradation.ts';

const video: GreyVideo = {
  frames: 2,
  rows: 2,
  columns: 2,
  spacingMm: [1, 1],
  frameTimeMs: 40,
  intensities: Float32Array.of(0, 1, 0, 1, 0.5, 0.5, 0.5, 0.5),
};

describe('degradation', () => {
  it('blends every frame with its own mean', () => {
    expect([...reduceContrast(video, 0.5).intensities]).toEqual([0.25, 0.75, 0.25, 0.75, 0.5, 0.5, 0.5, 0.5]);
    expect([...reduceContrast(video, 1).intensities]).toEqual([...video.intensities]);
  });

  it('adds noise and ends at 1 again, the same for the same stream', () => {
    const once = addImageNoise(video, 0.3, randomStream(1, 'noise'));
    const again = addImageNoise(video, 0.3, randomStream(1, 'noise'));
    expect(Math.max(...once.intensities)).toBe(1);
    expect(once.intensities).toEqual(again.intensities);
    expect(video.intensities[1]).toBe(1);
  });

  it('puts noise of the given deviation on a copy of all weights', () => {
    const weights = { a: { shape: [100, 100], data: new Float32Array(10_000).fill(2) } };
    const { a } = perturbWeights(weights, 0.2, randomStream(1, 'weights'));
    const deviations = a!.data.map((weight) => (weight - 2) ** 2);
    expect(Math.sqrt(deviations.reduce((sum, value) => sum + value, 0) / 10_000)).toBeCloseTo(0.2, 2);
    expect(weights.a.data[0]).toBe(2);
  });
});
