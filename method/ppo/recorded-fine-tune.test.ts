import '@tensorflow/tfjs-node-gpu';
import { describe, expect } from 'vitest';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { fineTune } from './recorded-fine-tune.fixture.ts';

describe('a recorded fine-tuning', () => {
  leakless('is the plain one to the last bit, resumed in the middle or not', () => {
    const plain = fineTune(false, false);
    expect(fineTune(true, false)).toEqual(plain);
    expect(fineTune(true, true)).toEqual(plain);
    expect(fineTune(false, true)).toEqual(plain);
    expect(plain.reports.every(({ violation }) => violation === undefined)).toBe(true);
    expect(new Set(plain.reports.map(({ metrics }) => metrics.policyLoss)).size).toBe(plain.reports.length);
  });
});
