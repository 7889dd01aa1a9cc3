import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { windowsOf } from '../windows/training-windows.ts';
import { ForwardCost } from './forward-cost.ts';
import { meanPolicyReward } from './policy-reward.ts';
import { fusedReward } from './reward-map.ts';

const random = randomStream(4, 'reward map test');
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());

/** A network whose logits are a function of its input. */
function network(forward: (x: tf.Tensor5D) => tf.Tensor): UNet3D {
  return { forward: (x: tf.Tensor5D) => tf.tidy(() => forward(x)) } as unknown as UNet3D;
}
const imageChannel = (x: tf.Tensor5D) => tf.slice(x, [0, 0, 0, 0, 0], [-1, -1, -1, -1, 1]);
const labelChannel = (x: tf.Tensor5D) => tf.slice(x, [0, 0, 0, 0, 1], [-1, -1, -1, -1, 1]);

/** Labels of frames of 20 x 20 pixels, each with a cavity as wide as said in its corner. */
function squares(...sides: readonly number[]): number[] {
  return sides.flatMap((side) =>
    Array.from({ length: 400 }, (_, i) => (Math.floor(i / 20) < side && i % 20 < side ? 1 : 0)),
  );
}

it('takes the smaller of the scaled anatomical and the landmark map, whatever the temperature, and counts both passes', () => {
  const image = tf.tensor5d(normals(2 * 4 * 64), [2, 4, 8, 8, 1]);
  const actions = tf.cast(tf.mul(tf.abs(tf.squeeze(image, [4])), 1.4), 'int32') as tf.Tensor4D;
  const cost = new ForwardCost();
  const before = tf.memory().numTensors;
  const reward = fusedReward({
    anatomical: network(imageChannel),
    temperature: 2,
    scaling: 'per-frame',
    landmark: network((x) => tf.sub(1, labelChannel(x))),
    temporalPenalty: false,
    spacingMm: 0.37,
  })(image, actions, cost);
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(cost.forwardEquivalents).toBe(2);
  tf.tidy(() => {
    const scale = (map: tf.Tensor) => {
      const [low, high] = [tf.min(map, [2, 3], true), tf.max(map, [2, 3], true)];
      return tf.div(tf.sub(map, low), tf.sub(high, low));
    };
    const anatomical = scale(tf.sigmoid(tf.div(tf.squeeze(image, [4]), 2)));
    const landmark = tf.sigmoid(tf.sub(1, tf.cast(actions, 'float32')));
    const difference = tf.abs(tf.sub(reward, tf.minimum(anatomical, landmark)));
    expect(tf.max(difference).dataSync()[0]).toBeLessThan(1e-6);
  });
  tf.dispose([image, actions, reward]);
});

it('lowers the reward around errors in the frames where time is broken, in that window alone', () => {
  tf.tidy(() => {
    const jumping = squares(10, 10, 3, 10);
    const steady = squares(10, 10, 10, 10);
    const actions = tf.tensor4d(Int32Array.from([...steady, ...jumping]), [2, 4, 20, 20], 'int32');
    const image = tf.tensor5d(normals(3200), [2, 4, 20, 20, 1]);
    const networks = {
      anatomical: network((x) => tf.mul(imageChannel(x), 0.2)),
      temperature: 1,
      scaling: 'per-frame' as const,
      spacingMm: 0.37,
    };
    const plain = fusedReward({ ...networks, temporalPenalty: false })(image, actions, new ForwardCost());
    const penalised = fusedReward({ ...networks, temporalPenalty: true })(image, actions, new ForwardCost());
    const [steadyLoss, jumpingLoss] = tf.mean(tf.sub(plain, penalised), [1, 2, 3]).dataSync() as unknown as [
      number,
      number,
    ];
    expect(steadyLoss).toBe(0);
    expect(jumpingLoss).toBeGreaterThan(0.01);
  });
});

it('judges every window of the batch within its own video where that is given', () => {
  tf.tidy(() => {
    // A turning point, which is a jump only where nothing is known of the rest of the beat.
    const turning = squares(14, 15, 15, 14);
    const actions = tf.tensor4d(Int32Array.from([...turning, ...turning]), [2, 4, 20, 20], 'int32');
    const image = tf.tensor5d(normals(3200), [2, 4, 20, 20, 1]);
    const networks = {
      anatomical: network((x) => tf.mul(imageChannel(x), 0.2)),
      temperature: 1,
      scaling: 'none' as const,
      spacingMm: 0.37,
    };
    const beat = [6, 8, 10, 12, 14, 15, 15, 14, 12, 10, 8, 6];
    // Measured on the grid of the windows, in mm: areas of another unit would be a jump at the window's edges.
    const measures = landmarkFreeMeasures({
      frames: beat.length,
      rows: 20,
      columns: 20,
      spacingMm: [networks.spacingMm, networks.spacingMm],
      frameTimeMs: 40,
      labels: Uint8Array.from(squares(...beat)),
    });
    const plain = fusedReward({ ...networks, temporalPenalty: false })(image, actions, new ForwardCost());
    const penalised = fusedReward({ ...networks, temporalPenalty: true })(image, actions, new ForwardCost(), [
      undefined,
      { measures, startFrame: 4 },
    ]);
    const losses = tf.mean(tf.sub(plain, penalised), [1, 2, 3]).dataSync();
    expect(losses[0]).toBeGreaterThan(0.01);
    expect(losses[1]).toBe(0);
  });
});

it('gives nothing for what cleaning would change, in the window where it is, when asked to', () => {
  tf.tidy(() => {
    const cavity = squares(9);
    const actions = tf.tensor4d(Int32Array.from([...cavity, ...cavity]), [2, 1, 20, 20], 'int32');
    const speck = tf.scatterND(
      tf.tensor2d([[1, 0, 15, 15]], [1, 4], 'int32'),
      tf.tensor1d([1], 'int32'),
      [2, 1, 20, 20],
    );
    const image = tf.tensor5d(normals(800), [2, 1, 20, 20, 1]);
    const networks = {
      anatomical: network(imageChannel),
      temperature: 1,
      scaling: 'none' as const,
      temporalPenalty: false,
      spacingMm: 0.37,
    };
    const withSpeck = tf.add(actions, speck) as tf.Tensor4D;
    const plain = fusedReward(networks)(image, withSpeck, new ForwardCost()).dataSync();
    const cleaned = fusedReward({ ...networks, cleaningPenalty: true })(image, withSpeck, new ForwardCost());
    const expected = Float32Array.from(plain);
    expected[400 + 15 * 20 + 15] = 0;
    expect(cleaned.dataSync()).toEqual(expected);
  });
});

it('averages the reward of a policy over consecutive windows, the last of which ends with the video', () => {
  const video = (frames: number) => ({
    frames,
    rows: 2,
    columns: 2,
    spacingMm: [1, 1] as const,
    frameTimeMs: 40,
    intensities: Float32Array.from({ length: frames * 4 }, (_, i) => Math.floor(i / 4)),
  });
  const seen: number[] = [];
  const policy = network((x) => tf.concat([x, tf.zerosLike(x), tf.zerosLike(x)], 4));
  const before = tf.memory().numTensors;
  const reward = meanPolicyReward(
    policy,
    (image, actions) => {
      seen.push(image.dataSync()[0]!);
      return tf.cast(tf.equal(actions, 0), 'float32') as tf.Tensor4D;
    },
    windowsOf([video(10), video(4), video(2), video(9)]),
    { videos: 3, windowFrames: 4 },
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(reward).toBe(1);
  expect(seen).toEqual([0, 4, 6, 0, 0]);
});
