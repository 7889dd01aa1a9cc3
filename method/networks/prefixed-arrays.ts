/** Several sets of arrays (weights, moments, best weights) in one file, each under its own prefix. */
import { DomainError } from '../../ground/errors.ts';
import type { NamedArray, NamedArrays } from './named-arrays.ts';

/** The arrays under `prefix/name`. */
export function withPrefix(prefix: string, arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array]));
}

/** The arrays whose names start with `prefix/`, without it; empty when there are none. */
export function withoutPrefix(prefix: string, arrays: NamedArrays): NamedArrays {
  const inside: Record<string, NamedArray> = {};
  for (const [name, array] of Object.entries(arrays)) {
    if (name.startsWith(`${prefix}/`)) inside[name.slice(prefix.length + 1)] = array;
  }
  return inside;
}

/** Whether there are arrays whose names start with `prefix/`. */
export function hasArrays(prefix: string, arrays: NamedArrays): boolean {
  return Object.keys(arrays).some((name) => name.startsWith(`${prefix}/`));
}

/**
 * The arrays whose names start with `prefix/`, without it.
 * @throws DomainError CheckpointIncompatible when there are none.
 */
export function takeArrays(prefix: string, arrays: NamedArrays): NamedArrays {
  const taken = withoutPrefix(prefix, arrays);
  if (Object.keys(taken).length > 0) return taken;
  throw new DomainError(
    'CheckpointIncompatible',
    `the training checkpoint has no arrays under "${prefix}/": it belongs to another kind of training or is incomplete`,
  );
}
