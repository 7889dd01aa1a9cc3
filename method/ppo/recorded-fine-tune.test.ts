import '@tensorflow/tfjs-node-gpu';
import { describe, expect } from 'vitest';
import { PpoSchema } from '../../contracts/run-config.ts';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { type FineTuned, fineTune } from './recorded-fine-tune.fixture.ts';

type Variant = Pick<FineTuned, 'objective' | 'proposals'>;

const proposals = PpoSchema.shape.proposals.unwrap().element.options;
const variants: Readonly<Record<string, Variant>> = {
  'the published objective': { objective: 'published' },
  'the group objective': { objective: 'group' },
  'the group objective with all proposals': { objective: 'group', proposals },
};

describe('a recorded fine-tuning', () => {
  for (const [name, variant] of Object.entries(variants))
    leakless(`of ${name} is the plain one to the last bit, resumed in the middle or not`, () => {
      const plain = fineTune({ ...variant, record: false, resume: false });
      expect(fineTune({ ...variant, record: true, resume: false })).toEqual(plain);
      expect(fineTune({ ...variant, record: true, resume: true })).toEqual(plain);
      expect(fineTune({ ...variant, record: false, resume: true })).toEqual(plain);
      expect(plain.reports.every(({ violation }) => violation === undefined)).toBe(true);
      expect(new Set(plain.reports.map(({ metrics }) => metrics.policyLoss)).size).toBe(plain.reports.length);
    });
});
