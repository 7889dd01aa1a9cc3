/**
 * Fully developed speckle: a complex Gaussian field, correlated along and across the beam, that repeats at its borders.
 */
import type { RandomStream } from '../../ground/random.ts';

export const SPECKLE_DEPTHS = 512;
export const SPECKLE_ANGLES = 128;

/** Real and imaginary part, [depth, angle], each with mean 0 and mean square 1/2, so that the mean power is 1. */
export interface SpeckleField {
  readonly real: Float32Array;
  readonly imaginary: Float32Array;
}

/** Running mean of `width` (odd) samples along one axis of a field that wraps around, in place. */
function boxBlur(field: Float32Array, axis: 'depth' | 'angle', width: number): void {
  const half = (width - 1) / 2;
  if (half < 1) return;
  const [lines, length, step, stride] =
    axis === 'depth'
      ? [SPECKLE_ANGLES, SPECKLE_DEPTHS, SPECKLE_ANGLES, 1]
      : [SPECKLE_DEPTHS, SPECKLE_ANGLES, 1, SPECKLE_ANGLES];
  const line = new Float64Array(length);
  for (let i = 0; i < lines; i++) {
    const start = i * stride;
    for (let j = 0; j < length; j++) line[j] = field[start + j * step]!;
    let sum = 0;
    for (let j = -half; j <= half; j++) sum += line[(j + length) % length]!;
    for (let j = 0; j < length; j++) {
      field[start + j * step] = sum / width;
      sum += line[(j + half + 1) % length]! - line[(j - half + length) % length]!;
    }
  }
}

function gaussianField(depthWidth: number, angleWidth: number, random: RandomStream): Float32Array {
  const field = new Float32Array(SPECKLE_DEPTHS * SPECKLE_ANGLES);
  // Uniform numbers are enough: averaging over the correlation length makes them normal.
  for (let i = 0; i < field.length; i++) field[i] = random.uniform() - 0.5;
  for (let pass = 0; pass < 2; pass++) {
    boxBlur(field, 'depth', depthWidth);
    boxBlur(field, 'angle', angleWidth);
  }
  let power = 0;
  for (const value of field) power += value * value;
  const scale = Math.sqrt(0.5 / (power / field.length));
  for (let i = 0; i < field.length; i++) field[i] = field[i]! * scale;
  return field;
}

/** A field whose correlation lengths are given in samples of its two axes. */
export function drawSpeckle(depthSamples: number, angleSamples: number, random: RandomStream): SpeckleField {
  const odd = (width: number) => 2 * Math.max(1, Math.round((width - 1) / 2)) + 1;
  const depthWidth = odd(depthSamples);
  const angleWidth = odd(angleSamples);
  return {
    real: gaussianField(depthWidth, angleWidth, random),
    imaginary: gaussianField(depthWidth, angleWidth, random),
  };
}
