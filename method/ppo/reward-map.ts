/** The reward of an action, pixel by pixel, out of the reward networks and the penalties that are not learned (method.md 5.3 to 5.5). */
import * as tf from '@tensorflow/tfjs-core';
import type { UNet3D } from '../networks/unet3d.ts';
import { applyCleaningPenalty } from '../rewards/cleaning-penalty.ts';
import { fuseRewards, minimumOf } from '../rewards/fusion.ts';
import { applyTemporalPenalty, type WindowSurroundings } from '../rewards/temporal-penalty.ts';
import type { ForwardCost } from './forward-cost.ts';

/**
 * r in [0, 1], [batch, time, rows, columns], of the actions (int32 labels, same shape) on the image [batch, time, rows,
 * columns, 1]. Networks are run through `cost`. Each window of the batch may be given the video around it, for the temporal penalty.
 * The caller disposes the result.
 */
export type RewardOf = (
  image: tf.Tensor5D,
  actions: tf.Tensor4D,
  cost: ForwardCost,
  surroundings?: readonly (WindowSurroundings | undefined)[],
) => tf.Tensor4D;

export interface RewardNetworks {
  /** The anatomical map per frame to [0, 1] for training; left as a probability for comparing policies (method.md 5.4). */
  readonly scaling: 'per-frame' | 'none';
  readonly anatomical: UNet3D;
  /** T of method.md 5.3; only the anatomical map is scaled by it. */
  readonly temperature: number;
  readonly landmark?: UNet3D | undefined;
  /** No reward where cleaning would change the action (method.md 8): at test time, when such errors are what is to go. */
  readonly cleaningPenalty?: boolean;
  /** Spread errors over frames where time is broken (method.md 5.5). */
  readonly temporalPenalty: boolean;
  /** Pixel size of the windows, mm: what areas and the spread of errors are measured in. */
  readonly spacingMm: number;
}

/** The fused reward of the networks, then the penalties that are not learned, window by window. */
export function fusedReward(networks: RewardNetworks): RewardOf {
  const { anatomical, temperature, landmark, cleaningPenalty, temporalPenalty, spacingMm, scaling } =
    networks;
  return (image, actions, cost, surroundings) => {
    const [batch, frames, rows, columns] = actions.shape;
    const maps = tf.tidy(() => {
      const input = tf.concat([image, tf.expandDims(tf.cast(actions, 'float32'), -1)], 4) as tf.Tensor5D;
      const map = (network: UNet3D, scale: number) =>
        tf.sigmoid(tf.div(cost.forward(network, input), scale)).dataSync<'float32'>();
      return landmark ? [map(anatomical, temperature), map(landmark, 1)] : [map(anatomical, temperature)];
    });
    const reward = scaling === 'per-frame' ? fuseRewards(maps[0]!, maps[1], batch * frames) : minimumOf(maps);
    if (!cleaningPenalty && !temporalPenalty) return tf.tensor4d(reward, actions.shape);
    const labels = Uint8Array.from(actions.dataSync());
    const size = frames * rows * columns;
    for (let window = 0; window < batch; window++) {
      const part = reward.subarray(window * size, (window + 1) * size);
      // Areas stand beside those of the video around, which are in mm2; frame time does not matter to either penalty.
      const segmentation = {
        frames,
        rows,
        columns,
        spacingMm: [spacingMm, spacingMm] as const,
        frameTimeMs: 1,
        labels: labels.subarray(window * size, (window + 1) * size),
      };
      if (cleaningPenalty) part.set(applyCleaningPenalty(part, segmentation));
      if (temporalPenalty) {
        part.set(applyTemporalPenalty(part, segmentation, surroundings?.[window]));
      }
    }
    return tf.tensor4d(reward, actions.shape);
  };
}
