import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { leakless, taken } from '../../recorded/leakless.fixture.ts';
import { cleaningRule } from './cleaning-rule.ts';

leakless('earns 1, but nothing for a speck that cleaning would take away', () => {
  // A ventricle of 4 x 4 pixels in a wall of one, and a pixel of ventricle in the corner.
  const labels = Int32Array.from({ length: 100 }, (_, i) => {
    const [row, column] = [Math.floor(i / 10), i % 10];
    if (i === 99) return 1;
    if (row < 1 || column < 1 || row > 6 || column > 6) return 0;
    return row > 1 && column > 1 && row < 6 && column < 6 ? 1 : 2;
  });
  const image = tf.zeros([1, 1, 10, 10, 1]) as tf.Tensor5D;
  const actions = tf.tensor4d(labels, [1, 1, 10, 10], 'int32');
  const reward = taken(cleaningRule.of(image, actions));
  expect(reward.slice(0, 99)).toEqual(new Array(99).fill(1));
  expect(reward[99]).toBe(0);
  tf.dispose([image, actions]);
});
