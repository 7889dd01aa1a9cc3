/**
 * How the picture moves from one frame to another: dense displacements by the least squares of Lucas and Kanade (IJCAI
 * 1981) over small squares, from coarse to fine grids. Functions of tensors alone; the caller disposes what they give.
 */
import * as tf from '@tensorflow/tfjs-core';
import { neighboursAlong } from './neighbours.ts';

/** Sides of the pixels of the grids in turn, in pixels: motion of up to some eight pixels is found. */
const GRIDS = [4, 2, 1] as const;
const STEPS_ON_A_GRID = 2;
/** Longest step, pixels of its grid: beyond it the picture is not the plane that the least squares take it for. */
const LONGEST_STEP = 1;
/** Side of the squares that move as one, pixels of the grid; odd. */
const SQUARE = 9;
/** Added to squared slopes of grey levels in [0, 1]: where the picture is even, nothing is known to move. */
const EVENNESS = 1e-4;

/**
 * Where the picture `to` is found in `from`: `to` at x looks like `from` at x plus the displacement.
 * @param to grey levels in [0, 1], [frames, rows, columns, 1]; rows and columns are multiples of 4
 * @param from the same shape, the other frame of each
 * @returns [frames, rows, columns, 2]: down and right, pixels
 */
export function displacements(to: tf.Tensor4D, from: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    let found: tf.Tensor4D | undefined;
    for (const side of GRIDS) {
      const [target, source] = [coarser(to, side), coarser(from, side)];
      const [, rows, columns] = target.shape;
      found = found
        ? tf.mul(tf.image.resizeBilinear(found, [rows, columns]), 2)
        : tf.zeros([target.shape[0], rows, columns, 2]);
      for (let step = 0; step < STEPS_ON_A_GRID; step++)
        found = meanOverSquare(tf.add(found, stepTowards(target, source, found)));
    }
    return found!;
  });
}

/**
 * Labels at the places that the displacements lead to, of the nearest pixel; beyond the edge that of the edge.
 * @param labels int32 [frames, rows, columns]
 * @param moved as of `displacements`
 */
export function labelsMoved(labels: tf.Tensor3D, moved: tf.Tensor4D): tf.Tensor3D {
  return tf.tidy(() => {
    const [down, right] = placesOf(moved).map((place) => tf.round(place) as tf.Tensor3D);
    return tf.reshape(pick(tf.expandDims(labels, 3), down!, right!), labels.shape);
  });
}

function coarser(frames: tf.Tensor4D, side: number): tf.Tensor4D {
  return side === 1 ? frames : tf.avgPool(frames, side, side, 'valid');
}

function meanOverSquare(values: tf.Tensor4D): tf.Tensor4D {
  return tf.avgPool(values, SQUARE, 1, 'same');
}

/** The step that takes each square of `from`, as it is moved now, nearest to `to`. */
function stepTowards(to: tf.Tensor4D, from: tf.Tensor4D, found: tf.Tensor4D): tf.Tensor4D {
  const seen = valuesAt(from, found);
  const [down, right] = slopesOf(seen);
  const error = tf.sub(seen, to);
  const sums = tf.concat(
    [tf.square(down), tf.square(right), tf.mul(down, right), tf.mul(down, error), tf.mul(right, error)],
    3,
  ) as tf.Tensor4D;
  const [dd, rr, dr, de, re] = tf.split(meanOverSquare(sums), 5, 3);
  const [stiffDown, stiffRight] = [tf.add(dd!, EVENNESS), tf.add(rr!, EVENNESS)];
  const determinant = tf.sub(tf.mul(stiffDown, stiffRight), tf.square(dr!));
  const stepDown = tf.sub(tf.mul(dr!, re!), tf.mul(stiffRight, de!));
  const stepRight = tf.sub(tf.mul(dr!, de!), tf.mul(stiffDown, re!));
  const step = tf.div(tf.concat([stepDown, stepRight], 3), determinant);
  return tf.clipByValue(step, -LONGEST_STEP, LONGEST_STEP) as tf.Tensor4D;
}

/** Of central differences, by the pixel; at the edges over those that there are. */
function slopesOf(frames: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  return [1, 2].map((axis) => {
    const [before, after] = neighboursAlong(frames, axis);
    return tf.div(tf.sub(after, before), 2);
  }) as [tf.Tensor4D, tf.Tensor4D];
}

/** Values between pixels, bilinearly. */
function valuesAt(frames: tf.Tensor4D, moved: tf.Tensor4D): tf.Tensor4D {
  const [down, right] = placesOf(moved);
  const [top, left] = [tf.floor(down), tf.floor(right)];
  const [below, beside] = [tf.expandDims(tf.sub(down, top), 3), tf.expandDims(tf.sub(right, left), 3)];
  const lower = tf.minimum(tf.add(top, 1), frames.shape[1] - 1);
  const further = tf.minimum(tf.add(left, 1), frames.shape[2] - 1);
  const along = (row: tf.Tensor, share: tf.Tensor): tf.Tensor => {
    const near = pick(frames, row as tf.Tensor3D, left as tf.Tensor3D);
    const far = pick(frames, row as tf.Tensor3D, further as tf.Tensor3D);
    return tf.add(near, tf.mul(tf.sub(far, near), share));
  };
  const upper = along(top, beside);
  return tf.add(upper, tf.mul(tf.sub(along(lower, beside), upper), below)) as tf.Tensor4D;
}

/** Rows and columns, within the picture, that pixels are found at, [frames, rows, columns] each. */
function placesOf(moved: tf.Tensor4D): [tf.Tensor3D, tf.Tensor3D] {
  const [, rows, columns] = moved.shape;
  const [down, right] = tf.split(moved, 2, 3).map((one) => tf.squeeze(one, [3]));
  const row = tf.reshape(tf.range(0, rows), [1, rows, 1]);
  const column = tf.reshape(tf.range(0, columns), [1, 1, columns]);
  return [
    tf.clipByValue(tf.add(down!, row), 0, rows - 1) as tf.Tensor3D,
    tf.clipByValue(tf.add(right!, column), 0, columns - 1) as tf.Tensor3D,
  ];
}

/** The values of whole pixels, [frames, rows, columns, channels]. */
function pick(frames: tf.Tensor4D, row: tf.Tensor3D, column: tf.Tensor3D): tf.Tensor4D {
  const [count, rows, columns, channels] = frames.shape;
  // In whole numbers: single precision is exact up to 2^24 alone, some 73 frames at full size.
  const whole = (places: tf.Tensor): tf.Tensor => tf.cast(places, 'int32');
  const first = tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1, 1]);
  const [down, across] = [tf.scalar(rows, 'int32'), tf.scalar(columns, 'int32')];
  const index = tf.add(tf.mul(tf.add(tf.mul(first, down), whole(row)), across), whole(column));
  const flat = tf.reshape(frames, [count * rows * columns, channels]);
  // tf.gather reads its indices on the host, which a recorded step cannot.
  return tf.gatherND(flat, tf.expandDims(index, 3)) as tf.Tensor4D;
}
