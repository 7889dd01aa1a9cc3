/** Smallest and largest value of every latent dimension over the training set (method.md 4.2). */
import { DomainError } from '../../../ground/errors.ts';
import type { NamedArrays } from '../../networks/named-arrays.ts';

/** Smallest and largest value of a latent dimension over the training set. */
export interface LatentBounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** Bounds that also hold for `codes`, [frames, dimensions] row-major; empty bounds hold for nothing yet. */
export function widenBounds(
  bounds: readonly LatentBounds[],
  codes: Float32Array,
  dimensions: number,
): LatentBounds[] {
  return Array.from({ length: dimensions }, (_, d) => {
    let { minimum, maximum } = bounds[d] ?? {
      minimum: Number.POSITIVE_INFINITY,
      maximum: Number.NEGATIVE_INFINITY,
    };
    for (let i = d; i < codes.length; i += dimensions) {
      minimum = Math.min(minimum, codes[i]!);
      maximum = Math.max(maximum, codes[i]!);
    }
    return { minimum, maximum };
  });
}

/** One entry per dimension under `minimum` and `maximum`. */
export function boundsToArrays(bounds: readonly LatentBounds[]): NamedArrays {
  const shape = [bounds.length];
  return {
    minimum: { shape, data: Float32Array.from(bounds, ({ minimum }) => minimum) },
    maximum: { shape, data: Float32Array.from(bounds, ({ maximum }) => maximum) },
  };
}

/**
 * What `boundsToArrays` gave.
 * @throws CheckpointIncompatible when an array is missing or the two differ in length.
 */
export function boundsFromArrays(arrays: NamedArrays): LatentBounds[] {
  const minima = arrays.minimum?.data;
  const maxima = arrays.maximum?.data;
  if (!minima || !maxima || minima.length !== maxima.length) {
    throw new DomainError(
      'CheckpointIncompatible',
      'The checkpoint of the shape autoencoder lacks the range of its latent dimensions ("latent/minimum", ' +
        '"latent/maximum"). Train the autoencoder again.',
    );
  }
  return Array.from(minima, (minimum, d) => ({ minimum, maximum: maxima[d]! }));
}
