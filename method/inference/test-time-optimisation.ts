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
import type { Reward, WindowReward } from '../rewards/reward.ts';
import { consecutiveStarts, imageWindow, windowsOf } from '../windows/training-windows.ts';
import { OptimisationStep } from './optimisation-step.ts';
import {
  type PredictionOptions,
  type PreparedVideo,
  type SegmentedVideo,
  segmentPrepared,
} from './segment-prepared.ts';

export interface OptimisedVideo extends SegmentedVideo {
  /**
   * Whether the segmentation by the policy as it is, completed where that is asked for, passed every anatomical
   * criterion and every temporal measure on the video's own grid (method.md 9.2, 9.3).
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
  readonly prepared: PreparedVideo;
  readonly inference: InferenceConfig;
  readonly prediction?: PredictionOptions;
  readonly seed: number;
  readonly config: OptimisationConfig;
}

/** What takes the place of parts of it, for controls and tests. */
export interface OptimisationParts {
  /** How the video is segmented by a policy, before and after. */
  readonly segment?: (policy: UNet3D) => SegmentedVideo;
  /** What changes the copy of the policy in each pass, 1 the first, instead of steps on the video. */
  readonly change?: (copy: UNet3D, pass: number) => void;
}

/** What passes are judged by, and steps follow (method.md 8). */
export function optimisationReward(
  reward: Reward,
  { temporalPenalty }: OptimisationConfig,
  spacingMm: number,
): WindowReward {
  return reward.ofWindows({
    scaling: 'none',
    cleaningPenalty: true,
    temporalPenalty: temporalPenalty ? { spacingMm } : undefined,
  });
}

/**
 * Segments a prepared video and, when the result is invalid in anatomy or over time, optimises until it is valid or the
 * passes are used up.
 */
export function segmentOptimised(input: OptimisationInput, parts: OptimisationParts = {}): OptimisedVideo {
  const { policy, prepared, inference, prediction } = input;
  const { segment = (network) => segmentPrepared(network, prepared, inference, prediction) } = parts;
  const first = segment(policy);
  const failures = failingFrames(first.labels);
  if (failures === 0) {
    const none = { failingFrames: [], lowestRewards: [], meanRewards: [] };
    return { ...first, validBefore: true, validAfter: true, pass: 0, ...none };
  }
  const copy = UNet3D.fromArrays(policy.config, policy.toArrays());
  try {
    const { segmented, ...chosen } = bestPass(copy, { first, failures }, input, { ...parts, segment });
    return { ...segmented, validBefore: false, ...chosen };
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
  { first, failures }: { readonly first: SegmentedVideo; readonly failures: number },
  input: OptimisationInput,
  { segment, change }: OptimisationParts & Required<Pick<OptimisationParts, 'segment'>>,
): Omit<OptimisedVideo, keyof SegmentedVideo | 'validBefore'> & { readonly segmented: SegmentedVideo } {
  const { inference, reward, config } = input;
  const chunks = chunksOf(input.prepared.video, inference.windowFrames);
  const steps = change === undefined ? new OptimisationPasses(copy, chunks, input) : undefined;
  try {
    let surroundings = surroundingsOf(first.predicted(), chunks, config);
    const passes = [{ failures, ...rewardOfVideo(copy, reward, chunks, surroundings) }];
    let best = { pass: 0, segmented: first, ...passes[0]! };
    for (let pass = 1; pass <= config.passes && best.failures > 0; pass++) {
      steps?.run(pass, surroundings);
      change?.(copy, pass);
      const segmented = segment(copy);
      surroundings = surroundingsOf(segmented.predicted(), chunks, config);
      const result = {
        failures: failingFrames(segmented.labels),
        ...rewardOfVideo(copy, reward, chunks, surroundings),
      };
      passes.push(result);
      const fewer = result.failures < best.failures;
      if (fewer || (result.failures === best.failures && result.lowest > best.lowest))
        best = { pass, segmented, ...result };
    }
    return {
      pass: best.pass,
      segmented: best.segmented,
      validAfter: best.failures === 0,
      failingFrames: passes.map((pass) => pass.failures),
      lowestRewards: passes.map(({ lowest }) => lowest),
      meanRewards: passes.map(({ mean }) => mean),
    };
  } finally {
    tf.dispose(chunks.map(({ window }) => window));
    steps?.dispose();
  }
}

/** Passes of PPO steps over the chunks of a video. */
class OptimisationPasses {
  readonly #chunks: readonly Chunk[];
  readonly #optimiser: Adam;
  readonly #step: OptimisationStep;
  readonly #seed: number;

  /** Changes `copy` in place; that and the chunks stay the caller's. */
  constructor(copy: UNet3D, chunks: readonly Chunk[], { policy, reward, config, seed }: OptimisationInput) {
    this.#chunks = chunks;
    this.#seed = seed;
    this.#optimiser = new Adam(copy.parameters, { learningRate: config.learningRate });
    this.#step = new OptimisationStep({
      policy: copy,
      optimiser: this.#optimiser,
      reference: policy,
      reward,
      config,
    });
  }

  run(pass: number, surroundings: readonly (WindowSurroundings | undefined)[]): void {
    this.#chunks.forEach(({ window }, index) => {
      this.#step.run(window, surroundings[index], randomStream(this.#seed, 'tto', pass, index));
    });
  }

  dispose(): void {
    this.#step.dispose();
    this.#optimiser.dispose();
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
