import { expect, it } from 'vitest';
import type { PolicyResult } from '../contracts/results.ts';
import { eligiblePolicies } from './eligible-policies.ts';

function policyOf(iteration: number, validFrames?: number): PolicyResult {
  const reference = { key: `policy-${iteration}`, sha256: '', bytes: 0 };
  return {
    iteration,
    policy: reference,
    evaluation: reference,
    ...(validFrames !== undefined && { validFrames }),
  };
}

it('leaves out policies with clearly fewer valid frames than another', () => {
  const policies = [policyOf(0, 0.8), policyOf(1, 0.7), policyOf(2, 0.9), policyOf(3, 0.75)];
  expect(eligiblePolicies(policies).map(({ iteration }) => iteration)).toEqual([2]);
});

it('keeps a policy whose share of valid frames is no further below than chance moves it', () => {
  const policies = [policyOf(0, 0.9), policyOf(1, 0.89), policyOf(2, 0.87)];
  expect(eligiblePolicies(policies).map(({ iteration }) => iteration)).toEqual([0, 1]);
});

it('keeps all policies where there were no validation videos', () => {
  expect(eligiblePolicies([policyOf(0), policyOf(1)])).toHaveLength(2);
});
