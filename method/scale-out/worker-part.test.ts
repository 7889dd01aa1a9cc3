import { expect, it } from 'vitest';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { partOf, withMomentsOf } from './worker-part.ts';

const state = (weight: number, moment: number): NamedArrays =>
  Object.fromEntries(
    Object.entries({ policy: weight, critic: 2 * weight, policyAdam: moment, criticAdam: 2 * moment }).map(
      ([name, value]) => [`${name}/w`, { shape: [1], data: Float32Array.of(value) }],
    ),
  );

const valuesOf = (arrays: NamedArrays) =>
  Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data[0]]));

it('hands over what the steps changed, and the moments as they are', () => {
  expect(valuesOf(partOf(state(1, 0), state(1.5, 7)))).toEqual({
    'policyDelta/w': 0.5,
    'criticDelta/w': 1,
    'policyAdam/w': 7,
    'criticAdam/w': 14,
  });
});

it('goes on from the merged weights with the moments of the part before', () => {
  const part = partOf(state(1, 0), state(1.5, 7));
  expect(valuesOf(withMomentsOf(part, state(3, 0)))).toEqual(valuesOf(state(3, 7)));
});

it('refuses a part without moments', () => {
  const incompatible = expect.objectContaining({ code: 'CheckpointIncompatible' });
  expect(() => withMomentsOf({}, state(3, 0))).toThrow(incompatible);
});
