/** Fuses reward maps into the one map that the policy is trained on: the worst error decides (method.md 5.4). */
import { DomainError } from '../../ground/errors.ts';

/**
 * Scales every frame of a reward map to [0, 1] by its own minimum and maximum.
 *
 * `map` has shape [frames, rows, columns] with any leading axes folded into `frames`; a new array is returned. A
 * constant frame has no range and stays as it is, clamped to [0, 1] (method.md 12).
 * @throws GeometryMismatch when the map does not divide into `frames` equal frames.
 */
export function minMaxPerFrame(map: Float32Array, frames: number): Float32Array {
  if (!(frames > 0) || map.length % frames !== 0) {
    throw new DomainError(
      'GeometryMismatch',
      `A reward map of ${map.length} pixels does not divide into ${frames} frames. Pass the map with its own geometry.`,
    );
  }
  const pixels = map.length / frames;
  const scaled = new Float32Array(map.length);
  for (let start = 0; start < map.length; start += pixels) {
    scaleToUnit(map.subarray(start, start + pixels), scaled.subarray(start, start + pixels));
  }
  return scaled;
}

/** Writes `values` scaled to [0, 1] by their range into `target`; constant values are clamped instead. */
export function scaleToUnit(values: ArrayLike<number>, target: Float32Array | Float64Array): void {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const range = maximum - minimum;
  if (range > 0) {
    for (let i = 0; i < values.length; i++) target[i] = (values[i]! - minimum) / range;
  } else {
    for (let i = 0; i < values.length; i++) target[i] = Math.min(Math.max(values[i]!, 0), 1);
  }
}

/**
 * Pixelwise minimum of reward maps of the same grid; one map alone comes back as a copy.
 * @throws GeometryMismatch for no maps or maps of different sizes.
 */
export function minimumOf(maps: readonly Float32Array[]): Float32Array {
  const [first, ...others] = maps;
  if (first === undefined || others.some((map) => map.length !== first.length)) {
    throw new DomainError(
      'GeometryMismatch',
      `Fusing rewards needs maps of one size; found sizes ${maps.map((map) => map.length).join(', ') || '(none)'}.`,
    );
  }
  const fused = Float32Array.from(first);
  for (const map of others) {
    for (let i = 0; i < fused.length; i++) {
      if (map[i]! < fused[i]!) fused[i] = map[i]!;
    }
  }
  return fused;
}

/**
 * The fused reward of method.md 5.4 out of maps of probabilities [frames, rows, columns]: the pixelwise minimum of the anatomical map, scaled
 * to [0, 1] per frame, and the landmark map, which is not scaled: most frames have no misplaced landmark, and scaling would make one up
 * in each (docs/experiments.md). For uncertainty use `minimumOf` on the maps as they are.
 */
export function fuseRewards(
  anatomical: Float32Array,
  landmark: Float32Array | undefined,
  frames: number,
): Float32Array {
  const scaled = minMaxPerFrame(anatomical, frames);
  return landmark ? minimumOf([scaled, landmark]) : scaled;
}
