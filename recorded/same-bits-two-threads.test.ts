import './two-threads.fixture.ts';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { differingOperations } from './operations.fixture.ts';

it.each([
  [40, 7],
  [200, 130],
])('a recording gives the bits of its operations on two threads, matrices being %i x %i', (rows, columns) => {
  expect(differingOperations(rows, columns)).toEqual([]);
});
