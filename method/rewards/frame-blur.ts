/**
 * The spread of errors over a frame (method.md 5.5) on the device, as a part of a recorded step: a Gaussian blur of
 * each frame by its own width, as two products of matrices that are made on the host.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gaussianMatrix } from '../../imaging/gaussian.ts';

/** The blur of the frames of a batch. */
export interface FrameBlur {
  /** 1 for a frame that is blurred, 0 for one that stays as it is, [batch * time, 1, 1]. */
  readonly blurred: tf.Tensor3D;
  /** Smoothing along the rows axis, [batch * time, rows, rows]; zeros for a frame that stays as it is. */
  readonly alongRows: tf.Tensor3D;
  /** The same along the columns axis, [batch * time, columns, columns]. */
  readonly alongColumns: tf.Tensor3D;
}

/** The blur by these standard deviations in pixels, one for each frame, 0 for none. The caller disposes it. */
export function frameBlur(sigmas: Float64Array, rows: number, columns: number): FrameBlur {
  const frames = sigmas.length;
  const matrices = (size: number): tf.Tensor3D => {
    const values = new Float32Array(frames * size * size);
    sigmas.forEach((sigma, t) => {
      if (sigma > 0) values.set(gaussianMatrix(size, sigma), t * size * size);
    });
    return tf.tensor3d(values, [frames, size, size]);
  };
  return {
    blurred: tf.tensor3d(
      Float32Array.from(sigmas, (sigma) => (sigma > 0 ? 1 : 0)),
      [frames, 1, 1],
    ),
    alongRows: matrices(rows),
    alongColumns: matrices(columns),
  };
}

/**
 * r := min(r, 1 - the blurred errors of its frame, scaled to [0, 1]) in the frames that are blurred, [batch, time,
 * rows, columns] in [0, 1]. An error map that blurs to a constant has no range and stays as it is. The caller disposes
 * the result.
 *
 * A strong blur leaves a range of a few thousandths, which scaling widens to 1: errors are counted from the middle of
 * their range, so that the sums are small and rounded finely, and those of a constant frame are exactly zero. The
 * result is that of double precision to 4e-5 by blurs up to the size of the frame (a third of it is the most that flags
 * ask for).
 */
export function spreadErrors(
  reward: tf.Tensor4D,
  { blurred, alongRows, alongColumns }: FrameBlur,
): tf.Tensor4D {
  const [batch, time, rows, columns] = reward.shape;
  return tf.tidy(() => {
    const frames: tf.Tensor3D = tf.reshape(reward, [batch * time, rows, columns]);
    const error = tf.sub(1, frames);
    const middle = tf.div(tf.add(tf.min(error, [1, 2], true), tf.max(error, [1, 2], true)), 2);
    const alongBoth = tf.matMul(tf.matMul(alongRows, tf.sub(error, middle)), alongColumns, false, true);
    const minimum = tf.min(alongBoth, [1, 2], true);
    const range = tf.sub(tf.max(alongBoth, [1, 2], true), minimum);
    const hasRange = tf.greater(range, 0);
    const scaled = tf.div(tf.sub(alongBoth, minimum), tf.where(hasRange, range, tf.onesLike(range)));
    const spread = tf.where(hasRange, scaled, tf.clipByValue(middle, 0, 1));
    const lowered = tf.minimum(frames, tf.sub(1, spread));
    return tf.reshape(tf.where(tf.greater(blurred, 0), lowered, frames), reward.shape);
  });
}
