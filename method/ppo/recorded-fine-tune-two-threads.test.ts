import '../../recorded/two-threads.fixture.ts';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { fineTune } from './recorded-fine-tune.fixture.ts';

it.each(['published', 'group'] as const)(
  'is the plain fine-tuning of the %s objective to the last bit on two threads too',
  (objective) => {
    const plain = fineTune({ objective, record: false, resume: false });
    expect(fineTune({ objective, record: true, resume: false })).toEqual(plain);
  },
);
