/** A linear shape model as one safetensors file. */
import { DomainError } from '../../ground/errors.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { decodeSafetensors, encodeSafetensors } from '../networks/safetensors.ts';
import type { LinearShapes } from './linear-shapes.ts';

const KIND = 'linear-shapes';

/** The file; the same model gives the same bytes. */
export function encodeLinearShapes({ side, mean, directions, variances, corners }: LinearShapes): Uint8Array {
  const components = variances.length;
  const arrays: NamedArrays = {
    mean: { shape: [2, side, side], data: mean },
    directions: { shape: [2, side, side, components], data: directions },
    variances: { shape: [components], data: variances },
    corners: { shape: [components + 1, 4], data: corners },
  };
  return encodeSafetensors(arrays, { kind: KIND });
}

/**
 * Reads what `encodeLinearShapes` gave.
 * @throws DomainError CheckpointIncompatible when the file is damaged, of another kind or incomplete.
 */
export function decodeLinearShapes(bytes: Uint8Array): LinearShapes {
  const { arrays, metadata } = decodeSafetensors(bytes);
  if (metadata.kind !== KIND) {
    throw new DomainError(
      'CheckpointIncompatible',
      `Expected a file of kind "${KIND}", found "${metadata.kind ?? '(none)'}". Pass the linear shapes of the run.`,
    );
  }
  const { mean, directions, variances, corners } = arrays;
  const [structures, side, across] = mean?.shape ?? [];
  const components = variances?.data.length ?? 0;
  const whole =
    mean !== undefined &&
    variances !== undefined &&
    structures === 2 &&
    side === across &&
    side! >= 2 &&
    components > 0 &&
    directions?.data.length === mean.data.length * components &&
    corners?.data.length === 4 * (components + 1);
  if (!whole) {
    throw new DomainError(
      'CheckpointIncompatible',
      'The file of the linear shapes lacks a part, or its parts do not fit each other. Fit the shapes again.',
    );
  }
  const finite = [mean, directions, variances, corners].every(({ data }) => data.every(Number.isFinite));
  if (!finite || variances.data.some((variance) => variance <= 0)) {
    throw new DomainError(
      'CheckpointIncompatible',
      'The file of the linear shapes has numbers that are not finite, or variances that are not above 0. Fit the shapes again.',
    );
  }
  return {
    side: side!,
    mean: mean.data,
    directions: directions.data,
    variances: variances.data,
    corners: corners.data,
  };
}
