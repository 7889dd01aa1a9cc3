/**
 * A fixed mean of a policy's probabilities over neighbouring frames (method.md 8), which takes out what one frame says
 * and those around it do not. Not in the paper.
 */
import type { TimeFusionConfig } from '../../contracts/run-config.ts';

/**
 * The weights of a frame, in the middle, and its neighbours, adding up to 1. In a video of fewer frames a second than
 * `frameMs` stands for, neighbours show a heart that has moved on: their weights are then times
 * (frameMs / frameTimeMs)^2, which keeps the variance of the mean in time, and the frame itself takes the rest.
 */
export function fusionWeights({ weights, frameMs }: TimeFusionConfig, frameTimeMs: number): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const middle = (weights.length - 1) / 2;
  const held = Math.min(1, frameMs / frameTimeMs) ** 2;
  const ofMiddle = 1 - held * (1 - weights[middle]! / sum);
  return weights.map((weight, i) => (i === middle ? ofMiddle : (held * weight) / sum));
}

/**
 * Replaces every frame of values [frames, ...] by the weighted mean of it and its neighbours, in place. At the ends the
 * frames that there are share the weight, so that one frame alone stays as it is.
 * @param weights as of `fusionWeights`: an odd count, the frame itself in the middle.
 */
export function fuseOverTime(values: Float32Array, frames: number, weights: readonly number[]): void {
  const size = values.length / frames;
  const reach = (weights.length - 1) / 2;
  if (reach === 0) return;
  const frameOf = (t: number) => values.subarray(t * size, (t + 1) * size);
  // This frame and those before it as they were, the newest last; those after it still are.
  let before: Float32Array[] = [];
  for (let t = 0; t < frames; t++) {
    before = [...before, frameOf(t).slice()].slice(-reach - 1);
    const sources = weights
      .map((weight, i) => ({ weight, frame: t + i - reach }))
      .filter(({ weight, frame }) => weight > 0 && frame >= 0 && frame < frames);
    const sum = sources.reduce((total, { weight }) => total + weight, 0);
    const target = frameOf(t).fill(0);
    for (const { weight, frame } of sources) {
      const source = frame > t ? frameOf(frame) : before.at(frame - t - 1)!;
      addTimes(target, source, weight / sum);
    }
  }
}

function addTimes(target: Float32Array, source: Float32Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
