/** Reflection at the ends of an axis, without repeating the end itself, for any distance (numpy's mode `reflect`). */
import * as tf from '@tensorflow/tfjs-core';

/** The index in 0..size-1 that position `position` shows: 2 1 0 1 2 3 2 1 ... for size 4 from -2 on; 0 for size 1. */
export function reflectedIndex(position: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const offset = ((position % period) + period) % period;
  return offset < size ? offset : period - offset;
}

/** What positions start..start+length-1 of an axis show. */
export function reflectedIndices(start: number, length: number, size: number): number[] {
  return Array.from({ length }, (_, i) => reflectedIndex(start + i, size));
}

/** `size` rounded up to a multiple. */
function nextMultiple(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}

/**
 * Runs `predict` on x [batch, time, rows, columns, channels] continued by reflection behind its end until time, rows
 * and columns are multiples of `multiples`, and cuts the result back. Without anything to pad it is `predict` itself.
 * The caller disposes the result.
 */
export function predictPadded(
  x: tf.Tensor5D,
  multiples: readonly [number, number, number],
  predict: (x: tf.Tensor5D) => tf.Tensor5D,
): tf.Tensor5D {
  const sizes = multiples.map((multiple, axis) => nextMultiple(x.shape[axis + 1]!, multiple));
  if (sizes.every((size, axis) => size === x.shape[axis + 1])) return predict(x);
  return tf.tidy(() => {
    let padded = x;
    sizes.forEach((size, axis) => {
      const current = x.shape[axis + 1]!;
      if (size === current) return;
      padded = tf.gather(padded, tf.tensor1d(reflectedIndices(0, size, current), 'int32'), axis + 1);
    });
    return tf.slice(predict(padded), [0, 0, 0, 0, 0], [x.shape[0], x.shape[1], x.shape[2], x.shape[3], -1]);
  });
}
