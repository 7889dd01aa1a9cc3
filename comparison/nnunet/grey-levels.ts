/** Random changes of grey levels of a z-scored patch, with the chances and ranges of nnU-Net v2. */
import type { RandomStream } from '../../ground/random.ts';
import { gaussianFilter1d } from '../../imaging/gaussian.ts';

export interface GreyPatch {
  readonly size: readonly [number, number, number];
  /** [time, rows, columns]. */
  readonly image: Float32Array;
  /** Resolution is lowered in the plane alone. */
  readonly flat: boolean;
}

type Change = (patch: GreyPatch, random: RandomStream) => Float32Array;

const between = (low: number, high: number, random: RandomStream) => low + (high - low) * random.uniform();

const noise: Change = ({ image }, random) => {
  // Called a variance by nnU-Net, which draws with it as a standard deviation.
  const deviation = between(0, 0.1, random);
  return image.map((value) => value + deviation * random.normal());
};

/** Over time also where the patch is flat, by as much along each axis as chance has it. */
const blur: Change = (patch, random) =>
  [0, 1, 2].reduce((image, axis) => {
    const sigma = between(0.5, 1, random);
    return alongAxis({ ...patch, image }, axis, (line) => gaussianFilter1d(line, sigma));
  }, patch.image);

const brightness: Change = ({ image }, random) => {
  const factor = between(0.75, 1.25, random);
  return image.map((value) => value * factor);
};

const contrast: Change = ({ image }, random) => {
  const factor = between(0.75, 1.25, random);
  const { mean, low, high } = momentsOf(image);
  return image.map((value) => Math.min(high, Math.max(low, mean + factor * (value - mean))));
};

/** As recorded with larger voxels: the nearest of them, then in straight lines back. */
const lowResolution: Change = (patch, random) => {
  const zoom = between(0.5, 1, random);
  const axes = patch.flat ? [1, 2] : [0, 1, 2];
  return axes.reduce(
    (image, axis) => alongAxis({ ...patch, image }, axis, (line) => coarse(line, zoom)),
    patch.image,
  );
};

function coarse(line: Float64Array, zoom: number): Float64Array {
  const count = Math.max(1, Math.round(line.length * zoom));
  const step = line.length / count;
  const few = Float64Array.from({ length: count }, (_, i) => line[Math.floor((i + 0.5) * step)]!);
  return line.map((_, i) => {
    const at = Math.min(count - 1, Math.max(0, (i + 0.5) / step - 0.5));
    const below = Math.floor(at);
    const above = Math.min(below + 1, count - 1);
    return few[below]! + (at - below) * (few[above]! - few[below]!);
  });
}

/** Of grey levels between their least and greatest; mean and deviation stay. */
function gammaOf(inverted: boolean): Change {
  return ({ image }, random) => {
    // As likely to darken as to brighten.
    const exponent = random.uniform() < 0.5 ? between(0.7, 1, random) : between(1, 1.5, random);
    const { mean, deviation, low, high } = momentsOf(image);
    const range = Math.max(high - low, 1e-7);
    const sign = inverted ? -1 : 1;
    const changed = image.map((value) => {
      const share = (inverted ? high - value : value - low) / range;
      return sign * (share ** exponent * range);
    });
    const after = momentsOf(changed);
    return changed.map(
      (value) => ((value - after.mean) / Math.max(after.deviation, 1e-8)) * deviation + mean,
    );
  };
}

/** nnU-Net blurs (0.2) and coarsens (0.25) a patch, and of one that it does only every second channel: there is one. */
const changes: readonly (readonly [chance: number, change: Change])[] = [
  [0.1, noise],
  [0.2 / 2, blur],
  [0.15, brightness],
  [0.15, contrast],
  [0.25 / 2, lowResolution],
  [0.1, gammaOf(true)],
  [0.3, gammaOf(false)],
];

/** A changed copy, or the patch's own image where chance changes nothing. */
export function changeGreyLevels(patch: GreyPatch, random: RandomStream): Float32Array {
  return changes.reduce(
    (image, [chance, change]) => (random.uniform() < chance ? change({ ...patch, image }, random) : image),
    patch.image,
  );
}

function momentsOf(image: Float32Array) {
  let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of image) {
    sum += value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const mean = sum / image.length;
  let squares = 0;
  for (const value of image) squares += (value - mean) ** 2;
  return { mean, low, high, deviation: Math.sqrt(squares / image.length) };
}

/** Every line of voxels along an axis replaced by what `change` makes of it. */
function alongAxis(
  { size, image }: GreyPatch,
  axis: number,
  change: (line: Float64Array) => Float64Array,
): Float32Array {
  const steps = [size[1] * size[2], size[2], 1];
  const step = steps[axis]!;
  const length = size[axis]!;
  const result = new Float32Array(image.length);
  for (let start = 0; start < image.length; start++) {
    if (Math.floor(start / step) % length !== 0) continue;
    const line = Float64Array.from({ length }, (_, i) => image[start + i * step]!);
    change(line).forEach((value, i) => {
      result[start + i * step] = value;
    });
  }
  return result;
}
