/**
 * Smooths one latent dimension of the shape autoencoder over the frames of a video (method.md 4.2): momentum gradient
 * descent on the distance to the encoded values plus the distance to the mean of the two neighbours, and for the
 * dimensions that stand for an attribute the smallest weight whose result keeps the attribute's temporal threshold.
 */
import type { LatentBounds } from './shape-autoencoder/latent-bounds.ts';

/** Weight of the smoothness term for latent dimensions that stand for no attribute. */
export const FIXED_SMOOTHNESS_WEIGHT = 50;

const GRADIENT_STEP = 0.01;
const MOMENTUM = 0.9;
/** L2 norm of one step below which the descent has converged: the spacing of 32-bit floats at 1. */
const CONVERGENCE_STEP = 2 ** -23;
const MAX_ITERATIONS = 100_000;
const WEIGHT_BOUNDS = [0, 128] as const;
const SEARCH_DEPTH = 5;

export interface ConstrainedSmoothing {
  readonly signal: Float64Array;
  /** The weight that the bisection settled on, in 0..128. */
  readonly weight: number;
  /** False when even this weight leaves a frame above the threshold. */
  readonly constraintMet: boolean;
}

/**
 * The signal minimising |z - z0|^2 + weight * |z - mean of its two neighbours|^2 by the published descent, in which
 * the neighbours are held fixed within a step and an end frame is its own missing neighbour.
 * Any length; a signal of one frame comes back unchanged.
 */
export function smoothSignal(signal: ArrayLike<number>, weight: number): Float64Array {
  const frames = signal.length;
  let current = Float64Array.from(signal);
  let next = new Float64Array(frames);
  const velocity = new Float64Array(frames);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    let stepSquared = 0;
    for (let t = 0; t < frames; t++) {
      const value = current[t]!;
      const before = current[Math.max(t - 1, 0)]!;
      const after = current[Math.min(t + 1, frames - 1)]!;
      const gradient = value - signal[t]! + weight * (value - (before + after) / 2);
      velocity[t] = MOMENTUM * velocity[t]! + (1 - MOMENTUM) * gradient;
      const step = GRADIENT_STEP * velocity[t]!;
      next[t] = value - step;
      stepSquared += step * step;
    }
    // The step that shows convergence is not taken, as published.
    if (!(Math.sqrt(stepSquared) > CONVERGENCE_STEP)) break;
    [current, next] = [next, current];
  }
  return current;
}

/** True when no inner frame departs from the mean of its neighbours by more than `threshold` of the bounds' range. */
function keepsThreshold(signal: Float64Array, threshold: number, bounds: LatentBounds): boolean {
  // A dimension that was constant in training has no scale to judge by.
  const range = bounds.maximum - bounds.minimum;
  if (!(range > 0)) return true;
  for (let t = 1; t < signal.length - 1; t++) {
    const departure = (signal[t]! - (signal[t - 1]! + signal[t + 1]!) / 2) / range;
    if (Math.abs(departure) > threshold) return false;
  }
  return true;
}

/**
 * Smooths with the smallest weight, by five bisections of [0, 128], for which every frame keeps the threshold on the
 * second difference of the signal scaled by `bounds` (method.md 4.2). `threshold` is a share of the bounds' range.
 */
export function smoothWithinThreshold(
  signal: ArrayLike<number>,
  threshold: number,
  bounds: LatentBounds,
): ConstrainedSmoothing {
  let [low, high]: readonly [number, number] = WEIGHT_BOUNDS;
  for (let depth = 0; depth < SEARCH_DEPTH; depth++) {
    const weight = (low + high) / 2;
    if (keepsThreshold(smoothSignal(signal, weight), threshold, bounds)) high = weight;
    else low = weight;
  }
  const smoothed = smoothSignal(signal, high);
  return { signal: smoothed, weight: high, constraintMet: keepsThreshold(smoothed, threshold, bounds) };
}
