import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { gaussianFilter2d } from '../../imaging/gaussian.ts';
import { recorded } from '../../recorded/recorded.ts';
import { frameBlur, spreadErrors } from './frame-blur.ts';
import { scaleToUnit } from './unit-range.ts';

type Grid = readonly [frames: number, rows: number, columns: number];

/** The same in double precision, frame by frame on the host. */
function spreadOnHost(reward: Float32Array, sigmas: Float64Array, [, rows, columns]: Grid): Float32Array {
  const values = reward.slice();
  const pixels = rows * columns;
  const spread = new Float32Array(pixels);
  sigmas.forEach((sigma, t) => {
    if (sigma === 0) return;
    const frame = values.subarray(t * pixels, (t + 1) * pixels);
    scaleToUnit(
      gaussianFilter2d(
        Float64Array.from(frame, (value) => 1 - value),
        rows,
        columns,
        sigma,
      ),
      spread,
    );
    for (let i = 0; i < pixels; i++) frame[i] = Math.min(frame[i]!, 1 - spread[i]!);
  });
  return values;
}

/** Right nearly everywhere, wrong in a piece of each frame. */
function rewardWithErrors([frames, rows, columns]: Grid): Float32Array {
  const random = randomStream(1, 'reward');
  return Float32Array.from({ length: frames * rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    const wrong = Math.hypot(row - rows / 3, column - columns / 4) < rows / 8;
    return (wrong ? 0.1 : 0.9) + 0.1 * random.uniform();
  });
}

describe('the spread of errors', () => {
  const spread = recorded('spread', spreadErrors);
  const spreadOnDevice = (reward: Float32Array, sigmas: Float64Array, [frames, rows, columns]: Grid) => {
    const [image, blur] = [
      tf.tensor4d(reward.slice(), [1, frames, rows, columns]),
      frameBlur(sigmas, rows, columns),
    ];
    const result = spread(image, blur);
    const values = result.dataSync<'float32'>().slice();
    tf.dispose([image, { ...blur }, result]);
    return values;
  };

  // 50 pixels is what flags of every measure make of the published 10; the second grid is no wider than its blur.
  const grids: [Grid, number[]][] = [
    [
      [4, 96, 96],
      [0, 10, 22.5, 0],
    ],
    [
      [3, 20, 28],
      [12, 0, 20],
    ],
    [
      [2, 512, 448],
      [50, 10],
    ],
  ];
  it.each(grids)('over %j is that of double precision to 4e-5', (grid, widths) => {
    const reward = rewardWithErrors(grid);
    const sigmas = Float64Array.from(widths);
    const expected = spreadOnHost(reward, sigmas, grid);
    const found = spreadOnDevice(reward, sigmas, grid);
    const largest = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(largest).toBeLessThan(4e-5);
    expect(found.some((value, i) => value < reward[i]! - 0.1)).toBe(true);
    // A frame without a flag keeps its bits.
    const pixels = grid[1] * grid[2];
    widths.forEach((width, t) => {
      const frame = (values: Float32Array) => [...values.subarray(t * pixels, (t + 1) * pixels)];
      if (width === 0) expect(frame(found)).toEqual(frame(reward));
    });
    // As it is written at the first two calls, as it was recorded at the third.
    const bytes = Buffer.from(found.buffer);
    for (let call = 1; call < 3; call++) {
      expect(bytes.equals(Buffer.from(spreadOnDevice(reward, sigmas, grid).buffer))).toBe(true);
    }
  });

  it('leaves a frame that is equally wrong everywhere as it is', () => {
    const reward = new Float32Array(400).fill(0.3);
    expect(spreadOnDevice(reward, Float64Array.of(7), [1, 20, 20])).toEqual(reward);
  });
});
