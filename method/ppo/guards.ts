/** What a policy update must not do. A window whose update does one of these is taken back whole. */
import type { NamedArrays } from '../networks/named-arrays.ts';
import type { PolicyShift } from './loss.ts';

export interface GuardLimits {
  /** Largest KL(pi_ref, pi), nats per pixel; above ln 3 = 1.10, which a policy without any preference has at most. */
  readonly maxReferenceKl: number;
  /** Smallest entropy, as a share of the reference policy's on the same pixels. */
  readonly minEntropyShare: number;
  /** Windows taken back in a row before training is given up. */
  readonly maxRollbacksInARow: number;
}

export const defaultGuardLimits: GuardLimits = {
  maxReferenceKl: 1.5,
  minEntropyShare: 0.01,
  maxRollbacksInARow: 5,
};

export type GuardName = 'notFinite' | 'divergence' | 'entropyCollapse' | 'emptyMask';

export interface Violation {
  readonly guard: GuardName;
  readonly message: string;
}

/** The first of the numbers that is NaN or infinite, as a violation. */
export function findNotFinite(numbers: Readonly<Record<string, number>>): Violation | undefined {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value)) return { guard: 'notFinite', message: `${name} is ${value}` };
  }
  return undefined;
}

/** A weight that is NaN or infinite, as a violation. */
export function findNotFiniteWeight(arrays: NamedArrays): Violation | undefined {
  for (const [name, { data }] of Object.entries(arrays)) {
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i]))
        return { guard: 'notFinite', message: `the weight ${name} has the value ${data[i]}` };
    }
  }
  return undefined;
}

/**
 * What is wrong with the policy that a window's updates led to, if anything. Where it was beyond a limit before, as it
 * may be on a window that it has not met, updates that do not lead further are kept: taken back, it could never return.
 */
export function findPolicyViolation(shift: PolicyShift, limits: GuardLimits): Violation | undefined {
  const { referenceKl, rolloutReferenceKl, entropy, rolloutEntropy, referenceEntropy } = shift;
  const { foregroundShare, rolloutForegroundShare } = shift;
  const notFinite = findNotFinite({ ...shift });
  if (notFinite) return notFinite;
  // Where it saw nothing before there is nothing to lose, and something to learn.
  if (foregroundShare === 0 && rolloutForegroundShare > 0)
    return { guard: 'emptyMask', message: 'the policy no longer segments anything in the window' };
  if (referenceKl > Math.max(limits.maxReferenceKl, rolloutReferenceKl)) {
    return {
      guard: 'divergence',
      message: `KL from the reference policy is ${referenceKl.toPrecision(3)} nats per pixel, more than ${limits.maxReferenceKl}`,
    };
  }
  const least = limits.minEntropyShare * referenceEntropy;
  if (entropy < Math.min(least, rolloutEntropy)) {
    return {
      guard: 'entropyCollapse',
      message: `entropy is ${entropy.toPrecision(3)} nats per pixel, less than ${least.toPrecision(3)}`,
    };
  }
  return undefined;
}
