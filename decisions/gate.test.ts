import { expect, it } from 'vitest';
import type { PolicyResult } from '../contracts/results.ts';
import { type Challenge, judgeChallenge } from './gate.ts';

const numbers = { videos: 4, anatomicalValidity: 0.5, temporalValidity: 0.5 };

function policyOf(iteration: number, changes: Partial<PolicyResult> = {}): PolicyResult {
  const policy = { key: `policy-${iteration}`, sha256: String(iteration), bytes: 0 };
  return { iteration, policy, evaluation: policy, validation: numbers, validFrames: 0.5, ...changes };
}

function challenge(best: PolicyResult, rewards = [0.5, 0.6]): Challenge {
  return {
    run: 'night-2',
    model: 'ward',
    best,
    policies: [policyOf(0), policyOf(1)],
    ratings: rewards.map((reward, iteration) => ({ iteration, reward, videos: 4 })),
  };
}

const holder = { policy: policyOf(0).policy, run: 'night-1', reason: 'first' };

it('lets the first policy of a model through', () => {
  expect(judgeChallenge(undefined, challenge(policyOf(0))).promoted).toBe(true);
});

it('lets a policy through that is no worse in reward, valid videos and valid frames', () => {
  const verdict = judgeChallenge(holder, challenge(policyOf(1)));
  expect(verdict).toEqual({
    promoted: true,
    reason:
      'No worse on validation: mean reward 0.5000 -> 0.6000, share of anatomically valid videos 0.5000 -> 0.5000, share of valid frames 0.5000 -> 0.5000.',
  });
});

it.each([
  ['mean reward', policyOf(1), [0.5, 0.4]],
  ['anatomically valid', policyOf(1, { validation: { ...numbers, anatomicalValidity: 0.25 } }), [0.5, 0.6]],
  ['valid frames', policyOf(1, { validFrames: 0.49 }), [0.5, 0.6]],
])('keeps the champion when the %s is worse, and says so', (name, best, rewards) => {
  const verdict = judgeChallenge(holder, challenge(best, rewards));
  expect(verdict).toMatchObject({ promoted: false, reason: expect.stringContaining(name) });
});

it('keeps the champion when something could not be measured', () => {
  expect(judgeChallenge(holder, challenge(policyOf(1), [])).promoted).toBe(false);
  const rated = challenge(policyOf(1), [0, 0]);
  const nowhere = rated.ratings.map((rating) => ({ ...rating, videos: 0 }));
  expect(judgeChallenge(holder, { ...rated, ratings: nowhere }).promoted).toBe(false);
});

it('keeps a champion that the run did not start from, and one that no iteration was better than', () => {
  const other = { ...holder, policy: policyOf(7).policy };
  expect(judgeChallenge(other, challenge(policyOf(1))).reason).toContain('did not start from the champion');
  expect(judgeChallenge(holder, challenge(policyOf(0))).reason).toContain('No iteration was better');
});

it('answers again what it answered the run that is the champion', () => {
  const promoted = { policy: policyOf(1).policy, run: 'night-2', reason: 'better' };
  expect(judgeChallenge(promoted, challenge(policyOf(1)))).toEqual({ promoted: true, reason: 'better' });
});

it('compares a run that went on with what it had promoted when it was stopped', () => {
  const own = { ...holder, policy: policyOf(1).policy, run: 'night-2' };
  const further = { ...challenge(policyOf(2), [0.5, 0.6, 0.7]), policies: [0, 1, 2].map((i) => policyOf(i)) };
  expect(judgeChallenge(own, further)).toMatchObject({
    promoted: true,
    reason: expect.stringContaining('mean reward 0.6000 -> 0.7000'),
  });
  expect(judgeChallenge({ ...own, run: 'night-1' }, further).promoted).toBe(false);
});
