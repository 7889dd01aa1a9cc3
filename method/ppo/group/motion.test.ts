import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { leakless } from '../../../recorded/leakless.fixture.ts';
import { displacements, labelsMoved } from './motion.ts';

const SIDE = 48;
/** Pixels that are near no edge, where what moved in is unknown. */
const MARGIN = 12;

/** A picture with slopes everywhere, moved by so many pixels. */
function picture(down: number, right: number): tf.Tensor4D {
  const levels = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE) - down, (i % SIDE) - right];
    return 0.5 + 0.2 * Math.sin(row / 3 + column / 7) + 0.2 * Math.cos(column / 4 - row / 9);
  });
  return tf.tensor4d(levels, [1, SIDE, SIDE, 1]);
}

/** Largest error of a displacement away from the edges, pixels. */
function worstError(found: tf.Tensor4D, down: number, right: number): number {
  const values = found.dataSync();
  let worst = 0;
  for (let row = MARGIN; row < SIDE - MARGIN; row++)
    for (let column = MARGIN; column < SIDE - MARGIN; column++) {
      const at = 2 * (row * SIDE + column);
      worst = Math.max(worst, Math.abs(values[at]! - down), Math.abs(values[at + 1]! - right));
    }
  return worst;
}

it.each([
  [0, 0],
  [1.5, -2],
  [-3, 0.5],
  [0, 5],
])('finds a picture that moved by %d down and %d to the right', (down, right) => {
  const [to, from] = [picture(0, 0), picture(down, right)];
  const found = displacements(to, from);
  expect(worstError(found, down, right)).toBeLessThan(0.15);
  tf.dispose([to, from, found]);
});

it('takes a picture without slopes for one that stands', () => {
  const [to, from] = [tf.fill([1, 16, 16, 1], 0.4), tf.fill([1, 16, 16, 1], 0.6)] as tf.Tensor4D[];
  const found = displacements(to!, from!);
  expect(Math.max(...found.dataSync().map(Math.abs))).toBe(0);
  tf.dispose([to!, from!, found]);
});

it('fetches labels from where they are found, at the edge from the edge', () => {
  const labels = tf.tensor3d([0, 1, 2, 0, 0, 0, 0, 0, 0], [1, 3, 3], 'int32');
  const moved = tf.tidy(() => tf.tile(tf.tensor4d([-1, 1], [1, 1, 1, 2]), [1, 3, 3, 1]) as tf.Tensor4D);
  const fetched = labelsMoved(labels, moved);
  expect([...fetched.dataSync()]).toEqual([1, 2, 2, 1, 2, 2, 0, 0, 0]);
  expect(fetched.dtype).toBe('int32');
  tf.dispose([labels, moved, fetched]);
});

leakless('leaves no tensors behind', () => {
  const [to, from] = [picture(0, 0), picture(1, 1)];
  tf.dispose([to, from, displacements(to, from)]);
});
