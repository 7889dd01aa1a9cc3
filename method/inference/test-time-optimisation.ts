/**
 * Test-time optimisation (method.md 8): a copy of the policy takes a few PPO steps on the one video that it failed on
 * and predicts it again after every pass. The shared policy is never changed, so results do not depend on the order of
 * videos (method.md 12).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceConfig, OptimisationConfig } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { anatomicalValidity } from '../../metrics/anatomy.ts';
import { landmarkFreeMeasures, temporalValidity } from '../../metrics/temporal.ts';
import { Adam } from '../networks/adam.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { WindowSurroundings } from '../rewards/penalties.ts';
import type { WindowReward } from '../rewards/reward.ts';
import { consecutiveStarts, imageWindow, windowsOf } from '../windows/training-windows.ts';
import { OptimisationStep } from './optimisation-step.ts';
import { type PredictedVideo, predictVideo } from './predict-video.ts';

export interface OptimisedVideo extends PredictedVideo {
  /**
   * Whether the policy's own prediction passed every anatomical criterion and every temporal measure (method.md 9.2,
   * 9.3).
   */
  readonly validBefore: boolean;
  /** The same of the result. */
  readonly validAfter: boolean;
  /** Pass whose weights gave the result; 0 when no pass did better than the policy as it is, or none was needed. */
  readonly pass: number;
  /** Frames that fail after each pass that was run, pass 0 first; empty when the first prediction was valid. */
  readonly failingFrames: readonly number[];
  /** Lowest mean reward of a frame after each pass, in the same order. */
  readonly lowestRewards: readonly number[];
  /** Mean reward of the video after each pass, in the same order. */
  readonly meanRewards: readonly number[];
}

export interface OptimisationInput {
  readonly policy: UNet3D;
  /**
   * Probability that a pixel is right, not scaled per frame: it is compared with even odds, and frames with each other.
   */
  readonly reward: WindowReward;
  /** How the video is predicted, before and after; `predictVideo` when left out. */
  readonly predict?: (policy: UNet3D) => PredictedVideo;
  /** Onto the grid that validity is judged on, that of the file; the preprocessed one when left out. */
  readonly restore?: (prediction: LabelVideo) => LabelVideo;
  readonly video: GreyVideo;
  readonly inference: InferenceConfig;
  readonly seed: number;
  readonly config: OptimisationConfig;
}

/**
 * Predicts a preprocessed video and, when the result is invalid in anatomy or over time, optimises until it is valid or
 * the passes are used up.
 */
export function predictOptimisedVideo(input: OptimisationInput): OptimisedVideo {
  const { policy, video, inference, restore = (labels: LabelVideo) => labels } = input;
  const predict = input.predict ?? ((network: UNet3D) => predictVideo(network, video, inference));
  const failuresOf = (prediction: PredictedVideo): number => failingFrames(restore(prediction));
  const first = predict(policy);
  const failures = failuresOf(first);
  if (failures === 0) {
    const none = { failingFrames: [], lowestRewards: [], meanRewards: [] };
    return { ...first, validBefore: true, validAfter: true, pass: 0, ...none };
  }
  const copy = UNet3D.fromArrays(policy.config, policy.toArrays());
  try {
    const { prediction, ...chosen } = bestPass(copy, { first, failures }, { ...input, predict, failuresOf });
    return { ...prediction, validBefore: false, ...chosen };
  } finally {
    copy.dispose();
  }
}

/**
 * Optimises `copy` until a pass makes the video valid. The pass with the fewest failing frames is the one, of equals
 * that after which the worst frame earned most; the policy as it is counts as a pass, so that no video ends with more
 * failures than it had.
 */
function bestPass(
  copy: UNet3D,
  { first, failures }: { readonly first: PredictedVideo; readonly failures: number },
  input: OptimisationInput & {
    readonly predict: (policy: UNet3D) => PredictedVideo;
    readonly failuresOf: (prediction: PredictedVideo) => number;
  },
): Omit<OptimisedVideo, keyof PredictedVideo | 'validBefore'> & { readonly prediction: PredictedVideo } {
  const { video, inference, seed, reward, config, predict, failuresOf } = input;
  const optimiser = new Adam(copy.parameters, { learningRate: config.learningRate });
  const step = new OptimisationStep({ policy: copy, optimiser, reference: input.policy, reward, config });
  const chunks = chunksOf(video, inference.windowFrames);
  try {
    let surroundings = surroundingsOf(first, chunks, config);
    const passes = [{ failures, ...rewardOfVideo(copy, reward, chunks, surroundings) }];
    let best = { pass: 0, prediction: first, ...passes[0]! };
    for (let pass = 1; pass <= config.passes && best.failures > 0; pass++) {
      chunks.forEach(({ window }, index) => {
        step.run(window, surroundings[index], randomStream(seed, 'tto', pass, index));
      });
      const prediction = predict(copy);
      surroundings = surroundingsOf(prediction, chunks, config);
      const result = {
        failures: failuresOf(prediction),
        ...rewardOfVideo(copy, reward, chunks, surroundings),
      };
      passes.push(result);
      const fewer = result.failures < best.failures;
      if (fewer || (result.failures === best.failures && result.lowest > best.lowest))
        best = { pass, prediction, ...result };
    }
    return {
      pass: best.pass,
      prediction: best.prediction,
      validAfter: best.failures === 0,
      failingFrames: passes.map((pass) => pass.failures),
      lowestRewards: passes.map(({ lowest }) => lowest),
      meanRewards: passes.map(({ mean }) => mean),
    };
  } finally {
    tf.dispose(chunks.map(({ window }) => window));
    step.dispose();
    optimiser.dispose();
  }
}

/** Frames that break anatomy or are flagged in time (method.md 9.2, 9.3). */
function failingFrames(segmentation: LabelVideo): number {
  const { valid, flaggedFrames } = temporalValidity(segmentation);
  const failing = new Set([...anatomicalValidity(segmentation).invalidFrames, ...flaggedFrames]);
  // A measure that cannot be taken of one or two frames flags none of them.
  return valid ? failing.size : Math.max(failing.size, 1);
}

/** A window of the video. */
interface Chunk {
  readonly window: tf.Tensor5D;
  readonly startFrame: number;
}

/** Consecutive windows of the video, the last of which ends with it. */
function chunksOf(video: GreyVideo, frames: number): Chunk[] {
  const windows = windowsOf([video]);
  return consecutiveStarts(video.frames, frames).map((startFrame) => ({
    window: imageWindow(windows, { video: 0, startFrame }, frames),
    startFrame,
  }));
}

/**
 * The video around each chunk as it was last predicted, for the temporal penalty; a video of one chunk has nothing
 * around it.
 */
function surroundingsOf(
  prediction: LabelVideo,
  chunks: readonly Chunk[],
  { temporalPenalty }: OptimisationConfig,
): (WindowSurroundings | undefined)[] {
  if (!temporalPenalty || chunks.length === 1) return chunks.map(() => undefined);
  const measures = landmarkFreeMeasures(prediction);
  return chunks.map(({ startFrame }) => ({ measures, startFrame }));
}

/**
 * Lowest and mean reward of the frames of what the policy predicts now, each frame's reward being the mean over its
 * pixels.
 */
function rewardOfVideo(
  policy: UNet3D,
  reward: WindowReward,
  chunks: readonly Chunk[],
  surroundings: readonly (WindowSurroundings | undefined)[],
): { lowest: number; mean: number } {
  const frames = chunks.flatMap(({ window }, index) =>
    tf.tidy(() => {
      const actions = tf.argMax(policy.forward(window), -1) as tf.Tensor4D;
      const earned = reward.of(window, actions, [surroundings[index]]);
      return [...tf.mean(earned, [2, 3]).dataSync<'float32'>()];
    }),
  );
  return { lowest: Math.min(...frames), mean: frames.reduce((sum, value) => sum + value, 0) / frames.length };
}
