/** Several sets of arrays in one checkpoint, told apart by the start of their names. */
import { DomainError } from '../../contracts/errors.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';

/** The arrays under names that begin with `prefix`. */
export function withPrefix(prefix: string, arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [prefix + name, array]));
}

/**
 * The arrays whose names begin with `prefix`, without it.
 * @throws DomainError CheckpointIncompatible when there are none.
 */
export function takeArrays(prefix: string, arrays: NamedArrays): NamedArrays {
  const taken = Object.entries(arrays).filter(([name]) => name.startsWith(prefix));
  if (taken.length === 0) {
    throw new DomainError(
      'CheckpointIncompatible',
      `the training checkpoint has no arrays under "${prefix}": it belongs to another kind of training or is incomplete`,
    );
  }
  return Object.fromEntries(taken.map(([name, array]) => [name.slice(prefix.length), array]));
}
