import { expect, it } from 'vitest';
import type { PolicyResult } from '../contracts/results.ts';
import { PpoSchema } from '../contracts/run-config.ts';
import { iterationStart } from './iteration-start.ts';

function policyOf(iteration: number, validFrames: number): PolicyResult {
  const reference = { key: `policy-${iteration}`, sha256: '', bytes: 0 };
  return { iteration, policy: reference, evaluation: reference, validFrames };
}

const policies = [policyOf(0, 0.5), policyOf(1, 0.6), policyOf(2, 0.1)];

it('goes on from the last policy that did not break frames', () => {
  expect(iterationStart(policies, { ppo: PpoSchema.parse({}) }).policy.key).toBe('policy-1');
});

it('takes the divergence from the first policy or from the one it begins with, as configured', () => {
  const referenceOf = (reference: 'first' | 'previous') =>
    iterationStart(policies, { ppo: PpoSchema.parse({ reference }) }).reference.key;
  expect(referenceOf('first')).toBe('policy-0');
  expect(referenceOf('previous')).toBe('policy-1');
});
