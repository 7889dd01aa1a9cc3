/**
 * The reward of a segmentation, pixel by pixel: what each reward network says, fused (method.md 5.3, 5.4), then lowered
 * by the penalties that are not learned (5.5, 8). Fine-tuning, test-time optimisation, ratings and confidence maps all
 * use this one.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { withTensors } from '../networks/with-tensors.ts';
import { slidingWindowLogits } from '../windows/sliding-window.ts';
import { windowPredictor } from '../windows/window-predictor.ts';
import {
  type Penalties,
  type PenaltyRules,
  penalise,
  penaltiesOf,
  type WindowSurroundings,
} from './penalties.ts';
import {
  decodeRewardNetwork,
  type RewardCheckpoint,
  type RewardNetwork,
  rewardInput,
} from './reward-network.ts';

export interface RewardRules extends PenaltyRules {
  /**
   * The anatomical map per frame to [0, 1], for training; left as a probability where frames or policies are compared.
   */
  readonly scaling: 'per-frame' | 'none';
}

/** The reward of windows under fixed rules. */
export interface WindowReward {
  /** Forward passes of a network that one call costs. */
  readonly passes: number;
  /**
   * r in [0, 1], [batch, time, rows, columns], of actions (int32 labels, same shape) on the image [batch, time, rows,
   * columns, 1]. Each window of the batch may be given the video around it, for the temporal penalty. The caller
   * disposes the result.
   */
  of(
    image: tf.Tensor5D,
    actions: tf.Tensor4D,
    surroundings?: readonly (WindowSurroundings | undefined)[],
  ): tf.Tensor4D;
}

export class Reward {
  readonly networks: readonly RewardNetwork[];
  /** Logits of all networks on windows of a video, one channel each. */
  readonly #logitsOfWindows: RecordedStep<[tf.Tensor5D], tf.Tensor5D>;
  readonly #ofWindows: RecordedStep<
    [tf.Tensor5D, tf.Tensor4D, RewardRules['scaling'], Penalties],
    tf.Tensor4D
  >;

  /**
   * Takes over the networks.
   * @throws DomainError ConfigInvalid without a network, or with two of a kind.
   */
  constructor(networks: readonly RewardNetwork[]) {
    const kinds = networks.map(({ kind }) => kind);
    if (kinds.length === 0 || new Set(kinds).size < kinds.length) {
      throw new DomainError(
        'ConfigInvalid',
        `A reward needs one network of each kind that it is made of; found ${kinds.join(', ') || 'none'}.`,
      );
    }
    this.networks = networks;
    this.#logitsOfWindows = recorded(
      'reward of windows of a video',
      (windows: tf.Tensor5D) =>
        tf.concat(
          networks.map(({ network }) => windowPredictor(network)(windows)),
          4,
        ) as tf.Tensor5D,
    );
    this.#ofWindows = recorded('reward', (image, actions, scaling, penalties) =>
      penalise(this.map(image, actions, scaling), penalties),
    );
  }

  /**
   * The reward of stored networks, at most one of each kind. The caller disposes it.
   * @throws DomainError CheckpointIncompatible naming the origin of a checkpoint, ConfigInvalid for two of a kind.
   */
  static fromCheckpoints(checkpoints: readonly RewardCheckpoint[]): Reward {
    const networks: RewardNetwork[] = [];
    try {
      for (const checkpoint of checkpoints) {
        const network = decodeRewardNetwork(checkpoint);
        networks.push(network);
        const same = networks.findIndex(({ kind }) => kind === network.kind);
        if (same === networks.length - 1) continue;
        throw new DomainError(
          'ConfigInvalid',
          `${checkpoints[same]!.origin} and ${checkpoint.origin} are both reward networks of kind ${network.kind}. Name one of each kind.`,
        );
      }
      return new Reward(networks);
    } catch (error) {
      for (const { network } of networks) network.dispose();
      throw error;
    }
  }

  /**
   * How likely each pixel's label is right by the network that trusts it least, [batch, time, rows, columns] in [0, 1]:
   * sigmoid(logit / temperature) of every network, then the pixelwise minimum, so that the worst error decides. A
   * function of tensors alone. `image` is [batch, time, rows, columns, 1] in [0, 1], `labelMap` [batch, time, rows,
   * columns]. The caller disposes the result.
   * @throws DomainError GeometryMismatch when the two are not on one grid.
   */
  map(image: tf.Tensor5D, labelMap: tf.Tensor4D, scaling: RewardRules['scaling'] = 'none'): tf.Tensor4D {
    return tf.tidy(() => {
      const input = rewardInput(image, labelMap);
      const maps = this.networks.map(({ kind, network, temperature }) => {
        const logits = tf.squeeze(network.forward(input), [4]);
        const map = tf.sigmoid(tf.div(logits, temperature)) as tf.Tensor4D;
        // Most frames have no misplaced landmark, and scaling would make one up in each (docs/experiments.md).
        return scaling === 'per-frame' && kind === 'anatomical-reward' ? minMaxPerFrame(map) : map;
      });
      return maps.reduce((lowest, map) => tf.minimum(lowest, map));
    });
  }

  /** The reward of windows: the fused map, then the penalties that the rules ask for, recorded together. */
  ofWindows(rules: RewardRules): WindowReward {
    return {
      passes: this.networks.length,
      of: (image, actions, surroundings) => {
        const penalties = penaltiesOf(actions, rules, surroundings);
        return withTensors((keep) => {
          keep({ ...penalties });
          return this.#ofWindows(image, actions, rules.scaling, penalties);
        });
      },
    };
  }

  /**
   * The map of a whole video, [frames, rows, columns], without scaling and penalties: logits are averaged over sliding
   * windows (method.md 8), all networks in one pass over the video.
   * @throws DomainError GeometryMismatch when video and segmentation are not on one grid.
   */
  ofVideo(video: GreyVideo, segmentation: LabelVideo, config: InferenceConfig): Float32Array {
    const temperatures = this.networks.map(({ temperature }) => temperature);
    const map = tf.tidy(() => {
      const image = tf.tensor5d(video.intensities, [1, video.frames, video.rows, video.columns, 1]);
      const { frames, rows, columns, labels } = segmentation;
      const labelMap = tf.tensor4d(Int32Array.from(labels), [1, frames, rows, columns], 'int32');
      const logits = slidingWindowLogits(rewardInput(image, labelMap), this.#logitsOfWindows, config);
      return tf.min(tf.sigmoid(tf.div(logits, tf.tensor1d(temperatures))), 4);
    });
    const values = map.dataSync<'float32'>();
    map.dispose();
    return values;
  }

  /** Frees the networks and what is recorded of them. */
  dispose(): void {
    this.#logitsOfWindows.dispose();
    this.#ofWindows.dispose();
    for (const { network } of this.networks) network.dispose();
  }
}

/**
 * Scales every frame of a map [batch, time, rows, columns] to [0, 1] by its own minimum and maximum. A constant frame
 * has no range and stays as it is, clamped to [0, 1] (method.md 12). The caller disposes the result.
 */
export function minMaxPerFrame(map: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const minimum = tf.min(map, [2, 3], true);
    const range = tf.sub(tf.max(map, [2, 3], true), minimum);
    const hasRange = tf.greater(range, 0);
    const scaled = tf.div(tf.sub(map, minimum), tf.where(hasRange, range, tf.onesLike(range)));
    return tf.where(hasRange, scaled, tf.clipByValue(map, 0, 1)) as tf.Tensor4D;
  });
}
