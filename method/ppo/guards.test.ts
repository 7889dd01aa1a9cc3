import { expect, it } from 'vitest';
import { PpoSchema } from '../../contracts/run-config.ts';
import { defaultGuardLimits, findNotFinite, findNotFiniteWeight, findPolicyViolation } from './guards.ts';
import type { PolicyShift } from './loss.ts';
import { coefficientsAt } from './schedules.ts';

const healthy: PolicyShift = {
  entropy: 0.1,
  rolloutEntropy: 0.1,
  referenceEntropy: 0.1,
  approxKl: 0.01,
  referenceKl: 0.02,
  rolloutReferenceKl: 0.02,
  clipFraction: 0.1,
  meanRatio: 1,
  foregroundShare: 0.2,
  rolloutForegroundShare: 0.2,
};

it('lets a healthy policy pass', () => {
  expect(findPolicyViolation(healthy, defaultGuardLimits)).toBeUndefined();
});

it.each([
  ['notFinite', { entropy: Number.NaN }],
  ['notFinite', { approxKl: Number.POSITIVE_INFINITY }],
  ['divergence', { referenceKl: 1e3 }],
  ['entropyCollapse', { entropy: 1e-6 }],
  ['emptyMask', { foregroundShare: 0 }],
] as const)('reports %s for %o', (guard, change) => {
  expect(findPolicyViolation({ ...healthy, ...change }, defaultGuardLimits)?.guard).toBe(guard);
});

it('keeps a step that comes nearer to the reference from beyond a limit, and takes one back that goes further', () => {
  const found = (change: Partial<PolicyShift>) =>
    findPolicyViolation({ ...healthy, ...change }, defaultGuardLimits)?.guard;
  expect(found({ rolloutReferenceKl: 2, referenceKl: 1.9 })).toBeUndefined();
  // A draw for the critic alone leaves the policy where it is.
  expect(found({ rolloutReferenceKl: 2, referenceKl: 2 })).toBeUndefined();
  expect(found({ rolloutReferenceKl: 2, referenceKl: 2.1 })).toBe('divergence');
  expect(found({ rolloutEntropy: 1e-6, entropy: 1e-5 })).toBeUndefined();
  expect(found({ rolloutEntropy: 1e-6, entropy: 1e-7 })).toBe('entropyCollapse');
});

it('lets a step on a window pass in which the policy saw nothing before, either', () => {
  const blind = { ...healthy, foregroundShare: 0, rolloutForegroundShare: 0 };
  expect(findPolicyViolation(blind, defaultGuardLimits)).toBeUndefined();
});

it('names the number and the weight that is not finite', () => {
  expect(findNotFinite({ loss: 1, norm: Number.NaN })?.message).toBe('norm is NaN');
  const arrays = { 'stage.weight': { shape: [2], data: Float32Array.of(1, Number.NEGATIVE_INFINITY) } };
  expect(findNotFiniteWeight(arrays)?.message).toContain('stage.weight');
});

it('lowers the coefficients over iterations', () => {
  const config = PpoSchema.parse({});
  expect(coefficientsAt(config, 1)).toEqual({ entropyCoefficient: 0.15, divergenceCoefficient: 0.05 });
  expect(coefficientsAt(config, 2)).toEqual({ entropyCoefficient: 0.075, divergenceCoefficient: 0.025 });
  expect(() => coefficientsAt(config, 0)).toThrow(/iteration 0/);
  const constant = PpoSchema.parse({ coefficientsOverIterations: 'constant' });
  expect(coefficientsAt(constant, 2)).toEqual(coefficientsAt(config, 1));
});
