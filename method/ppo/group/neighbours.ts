import * as tf from '@tensorflow/tfjs-core';

/**
 * What lies before and after each place along an axis; at the ends the place itself stands for the other. The caller
 * disposes both.
 */
export function neighboursAlong<Values extends tf.Tensor>(
  values: Values,
  axis: number,
): [before: Values, after: Values] {
  const size = values.shape[axis]!;
  const part = (from: number, count: number): tf.Tensor =>
    tf.slice(
      values,
      values.shape.map((_, at) => (at === axis ? from : 0)),
      values.shape.map((whole, at) => (at === axis ? count : whole)),
    );
  if (size === 1) return [tf.clone(values) as Values, tf.clone(values) as Values];
  return tf.tidy(() => [
    tf.concat([part(0, 1), part(0, size - 1)], axis) as Values,
    tf.concat([part(1, size - 1), part(size - 1, 1)], axis) as Values,
  ]);
}
