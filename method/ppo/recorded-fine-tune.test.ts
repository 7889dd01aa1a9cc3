import '@tensorflow/tfjs-node-gpu';
import { describe, expect } from 'vitest';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { fineTune } from './recorded-fine-tune.fixture.ts';

describe('a recorded fine-tuning', () => {
  for (const objective of ['published', 'group'] as const)
    leakless(
      `of the ${objective} objective is the plain one to the last bit, resumed in the middle or not`,
      () => {
        const plain = fineTune({ objective, record: false, resume: false });
        expect(fineTune({ objective, record: true, resume: false })).toEqual(plain);
        expect(fineTune({ objective, record: true, resume: true })).toEqual(plain);
        expect(fineTune({ objective, record: false, resume: true })).toEqual(plain);
        expect(plain.reports.every(({ violation }) => violation === undefined)).toBe(true);
        expect(new Set(plain.reports.map(({ metrics }) => metrics.policyLoss)).size).toBe(
          plain.reports.length,
        );
      },
    );
});
