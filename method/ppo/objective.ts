/** What a policy is fine-tuned towards (method.md 6): how one draw of windows changes it. */
import type * as tf from '@tensorflow/tfjs-core';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowPlace } from '../windows/training-windows.ts';
import type { WindowUpdate } from './policy-update.ts';
import type { LossCoefficients } from './schedules.ts';

/** Windows of one video. */
export interface Draw {
  /** Of the training, from 0. */
  readonly step: number;
  readonly places: readonly WindowPlace[];
  /** Grey levels in [0, 1], [places, time, rows, columns, 1]; stays the caller's. */
  readonly window: tf.Tensor5D;
  /** The video around each of them, for the temporal penalty. */
  readonly surroundings: readonly (WindowSurroundings | undefined)[] | undefined;
  readonly coefficients: LossCoefficients;
}

export interface Objective {
  /** Waits until what the update on a draw reads beside its windows is at hand. */
  ready(step: number, places: readonly WindowPlace[]): Promise<void>;
  /** K updates on a draw. Frees all it makes. */
  update(draw: Draw): WindowUpdate;
  /** Frees the recordings. */
  dispose(): void;
}
