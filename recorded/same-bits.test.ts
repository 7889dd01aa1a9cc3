import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { differingOperations } from './operations.fixture.ts';

it.each([
  [40, 7],
  [1, 30],
  [200, 130],
])('a recording gives the bits of its operations on one thread, matrices being %i x %i', (rows, columns) => {
  const before = tf.memory().numTensors;
  expect(process.env.TF_NUM_INTRAOP_THREADS).toBe('1');
  expect(differingOperations(rows, columns)).toEqual([]);
  expect(tf.memory().numTensors).toBe(before);
});
