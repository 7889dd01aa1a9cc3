/**
 * What a worker of a local-SGD round hands over at its end, and takes up again in the next (method.md 7): the deltas of
 * its weights, which are averaged, and the moments of its optimisers, which stay its own. Arrays are those of a
 * fine-tuning's state.
 */
import type { NamedArrays } from '../networks/named-arrays.ts';
import { hasArrays, takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import { deltaOf } from './outer-step.ts';

/**
 * The part of a worker that went from one state to another, under policyDelta/, policyAdam/ and, where the objective
 * has a critic, criticDelta/ and criticAdam/.
 * @throws DomainError CheckpointIncompatible when the two do not fit together.
 */
export function partOf(start: NamedArrays, end: NamedArrays): NamedArrays {
  const delta = (name: string): NamedArrays => deltaOf(takeArrays(name, start), takeArrays(name, end));
  return {
    ...withPrefix('policyDelta', delta('policy')),
    ...(hasArrays('critic', start) && withPrefix('criticDelta', delta('critic'))),
    ...momentsIn(end),
  };
}

/** The state with the moments of a part that the same worker made before. */
export function withMomentsOf(part: NamedArrays, state: NamedArrays): NamedArrays {
  return { ...state, ...momentsIn(part) };
}

function momentsIn(arrays: NamedArrays): NamedArrays {
  return {
    ...withPrefix('policyAdam', takeArrays('policyAdam', arrays)),
    ...(hasArrays('criticAdam', arrays) && withPrefix('criticAdam', takeArrays('criticAdam', arrays))),
  };
}
