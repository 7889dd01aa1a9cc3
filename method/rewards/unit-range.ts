/** Values brought to the range [0, 1] on the host. */

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
