/** The score that fine-tuning is judged by: the mean reward of a policy's own segmentations on videos set aside. */
import * as tf from '@tensorflow/tfjs-core';
import type { UNet3D } from '../networks/unet3d.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { consecutiveStarts, imageWindow, type WindowSource } from '../windows/training-windows.ts';

/**
 * Mean over the first `videos` videos of the mean reward over their pixels, in [0, 1]. A video is cut into consecutive
 * windows, the last of which ends with it; NaN without videos.
 */
export function meanPolicyReward(
  policy: UNet3D,
  reward: WindowReward,
  windows: WindowSource,
  options: { readonly videos: number; readonly windowFrames: number },
): number {
  const videos = Math.min(options.videos, windows.count);
  let total = 0;
  for (let video = 0; video < videos; video++) {
    const starts = consecutiveStarts(windows.frames(video), options.windowFrames);
    let sum = 0;
    for (const startFrame of starts) {
      sum += tf.tidy(() => {
        const image = imageWindow(windows, { video, startFrame }, options.windowFrames);
        const actions = tf.argMax(policy.forward(image), -1) as tf.Tensor4D;
        return tf.mean(reward.of(image, actions)).dataSync()[0]!;
      });
    }
    total += sum / starts.length;
  }
  return total / videos;
}
