import { describe, expect, it } from 'vitest';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { averageDeltas, deltaOf, outerStep } from './outer-step.ts';

const arrays = (...values: number[]): NamedArrays => ({
  weight: { shape: [values.length - 1], data: Float32Array.from(values.slice(1)) },
  bias: { shape: [], data: Float32Array.of(values[0]!) },
});
const plain = { learningRate: 1, momentum: 0 };

describe('a round of local training', () => {
  it('ends where every worker ended when all made the same delta, with outer rate 1 and no momentum', () => {
    const start = arrays(1, -2, 0.5, 3);
    const end = arrays(1.5, -2.25, 0.5, 7);
    const delta = deltaOf(start, end);
    expect(averageDeltas([delta, delta, delta])).toEqual(delta);
    expect(outerStep(start, averageDeltas([delta, delta, delta]), undefined, plain).weights).toEqual(end);
  });

  it('ends in the middle of workers that ended in different places', () => {
    const start = arrays(0, 0, 0);
    const mean = averageDeltas([arrays(1, 2, 3), arrays(3, -2, 5)]);
    expect(mean).toEqual(arrays(2, 0, 4));
    expect(outerStep(start, mean, undefined, plain).weights).toEqual(arrays(2, 0, 4));
  });

  it('takes the Nesterov steps of SGD with the mean delta as its negative gradient', () => {
    const config = { learningRate: 0.7, momentum: 0.9 };
    let weights = arrays(1, 1);
    let momentum: NamedArrays | undefined;
    let expected = 1;
    let buffer = 0;
    for (const delta of [0.5, -0.25, 1]) {
      ({ weights, momentum } = outerStep(weights, arrays(delta, delta), momentum, config));
      buffer = 0.9 * buffer + delta;
      expected += 0.7 * (delta + 0.9 * buffer);
    }
    expect(weights.weight!.data[0]).toBeCloseTo(expected, 6);
    expect(weights.bias!.data[0]).toBeCloseTo(expected, 6);
  });

  it('gives the same bytes for the same deltas, and refuses those that do not fit together', () => {
    const deltas = [arrays(0.1, 0.2), arrays(0.7, 1e-9), arrays(-0.3, 1e9)];
    expect(averageDeltas(structuredClone(deltas))).toEqual(averageDeltas(deltas));
    const misfit = expect.objectContaining({ code: 'CheckpointIncompatible' });
    expect(() => averageDeltas([])).toThrow(misfit);
    expect(() => averageDeltas([arrays(1, 2), arrays(1, 2, 3)])).toThrow(misfit);
    expect(() => deltaOf(arrays(1, 2), {})).toThrow(misfit);
  });
});
