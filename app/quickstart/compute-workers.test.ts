import { expect, it } from 'vitest';
import { thisHost, workersThatGain } from './compute-workers.ts';

const roomy = { cores: 2, freeBytes: 4e9, gpu: false };

it('has two compute workers share out the videos where there are two cores and the memory for both', () => {
  expect(workersThatGain(roomy)).toBe(2);
  expect(workersThatGain({ ...roomy, cores: 64, freeBytes: 500e9 })).toBe(2);
});

it.each([{ cores: 1 }, { freeBytes: 3.9e9 }, { gpu: true }])('starts one on a machine with %o', (less) => {
  expect(workersThatGain({ ...roomy, ...less })).toBe(1);
});

it('leaves a GPU to one process', () => {
  expect(thisHost({ requireGpu: true }).gpu).toBe(true);
});

it('knows what is free on this machine', () => {
  const { cores, freeBytes } = thisHost({ requireGpu: false });
  expect(cores).toBeGreaterThan(0);
  expect(freeBytes).toBeGreaterThan(50e6);
});
