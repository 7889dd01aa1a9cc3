import { describe, expect, it } from 'vitest';
import { fuseRewards, minimumOf, minMaxPerFrame } from './fusion.ts';

describe('fusion of reward maps', () => {
  it('scales every frame by its own range', () => {
    expect([...minMaxPerFrame(Float32Array.of(0.25, 0.75, 0.5, 0.5, 0.75, 1), 2)]).toEqual([
      0, 1, 0.5, 0, 0.5, 1,
    ]);
  });

  it('leaves a constant frame as it is, clamped to [0, 1]', () => {
    expect([...minMaxPerFrame(Float32Array.of(0.5, 0.5, 2, 2), 2)]).toEqual([0.5, 0.5, 1, 1]);
  });

  it('takes the worse of the scaled anatomical and the landmark map at every pixel', () => {
    const anatomical = Float32Array.of(0.25, 0.5, 0.75);
    expect([...fuseRewards(anatomical, Float32Array.of(1, 0.25, 0.75), 1)]).toEqual([0, 0.25, 0.75]);
    expect([...fuseRewards(anatomical, undefined, 1)]).toEqual([0, 0.5, 1]);
  });

  it('copies a map that comes alone', () => {
    const map = Float32Array.of(0.5, 1);
    const fused = minimumOf([map]);
    fused[0] = 0;
    expect(map[0]).toBe(0.5);
  });

  it('refuses maps of different sizes, no maps, and a map that does not divide into frames', () => {
    expect(() => minimumOf([new Float32Array(2), new Float32Array(3)])).toThrow('sizes 2, 3');
    expect(() => minimumOf([])).toThrow('(none)');
    expect(() => minMaxPerFrame(new Float32Array(5), 2)).toThrow('does not divide into 2 frames');
  });
});
