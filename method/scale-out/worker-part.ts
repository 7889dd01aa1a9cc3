/**
 * What a worker of a local-SGD round hands over at its end, and takes up again in the next (method.md 7): the deltas of
 * its weights, which are averaged, and the moments of its optimisers, which stay its own. Arrays are those of a
 * training's state.
 */
import type { NamedArrays } from '../networks/named-arrays.ts';
import { hasArrays, takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import { deltaOf } from './outer-step.ts';

/** What trainings call the weights that they train, each with the moments of their optimiser. */
const learners = [
  { weights: 'policy', moments: 'policyAdam' },
  { weights: 'critic', moments: 'criticAdam' },
  { weights: 'network', moments: 'optimiser' },
] as const;

/**
 * The part of a worker that went from one state to another: of a policy, say, the arrays under policyDelta/ and
 * policyAdam/.
 * @throws DomainError CheckpointIncompatible when the two do not fit together.
 */
export function partOf(start: NamedArrays, end: NamedArrays): NamedArrays {
  const deltas = learnersIn(start).map(({ weights }) =>
    withPrefix(`${weights}Delta`, deltaOf(takeArrays(weights, start), takeArrays(weights, end))),
  );
  return Object.assign({}, ...deltas, momentsIn(start, end));
}

/**
 * The state with the moments of a part that the same worker made before.
 * @throws DomainError CheckpointIncompatible when the part has none.
 */
export function withMomentsOf(part: NamedArrays, state: NamedArrays): NamedArrays {
  return { ...state, ...momentsIn(state, part) };
}

function learnersIn(state: NamedArrays): readonly (typeof learners)[number][] {
  return learners.filter(({ weights }) => hasArrays(weights, state));
}

/** The moments of all that a state trains, out of these arrays. */
function momentsIn(state: NamedArrays, arrays: NamedArrays): NamedArrays {
  const own = learnersIn(state).map(({ moments }) => withPrefix(moments, takeArrays(moments, arrays)));
  return Object.assign({}, ...own);
}
