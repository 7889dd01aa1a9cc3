import '../../recorded/two-threads.fixture.ts';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { fineTune } from './recorded-fine-tune.fixture.ts';

it('is the plain fine-tuning to the last bit on two threads too', () => {
  expect(fineTune(true, false)).toEqual(fineTune(false, false));
});
