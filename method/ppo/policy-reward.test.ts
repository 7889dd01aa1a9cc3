import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import type { UNet3D } from '../networks/unet3d.ts';
import { windowsOf } from '../windows/training-windows.ts';
import { meanPolicyReward } from './policy-reward.ts';

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
  const policy = {
    forward: (x: tf.Tensor5D) => tf.tidy(() => tf.concat([x, tf.zerosLike(x), tf.zerosLike(x)], 4)),
  } as unknown as UNet3D;
  const before = tf.memory().numTensors;
  const reward = meanPolicyReward(
    policy,
    {
      passes: 0,
      of: (image, actions) => {
        seen.push(image.dataSync()[0]!);
        return tf.cast(tf.equal(actions, 0), 'float32') as tf.Tensor4D;
      },
    },
    windowsOf([video(10), video(4), video(2), video(9)]),
    { videos: 3, windowFrames: 4 },
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(reward).toBe(1);
  expect(seen).toEqual([0, 4, 6, 0, 0]);
});
