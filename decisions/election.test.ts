import { describe, expect, it } from 'vitest';
import type { PolicyResult } from '../contracts/results.ts';
import { electLatest, electPolicy } from './election.ts';

const reference = (key: string) => ({ key, sha256: '', bytes: 0 });

function policyOf(iteration: number, validFrames?: number): PolicyResult {
  return {
    iteration,
    policy: reference(`policy-${iteration}`),
    evaluation: reference('evaluation'),
    ...(validFrames !== undefined && { validFrames }),
  };
}

const ratingsOf = (...rewards: number[]) =>
  rewards.map((reward, iteration) => ({ iteration, reward, videos: 4 }));

describe('the election of a run', () => {
  const policies = [policyOf(0), policyOf(1), policyOf(2)];

  it('keeps the policy with the highest rating, the earlier one on a tie', () => {
    expect(electPolicy(policies, ratingsOf(0.5, 0.7, 0.6)).iteration).toBe(1);
    expect(electPolicy(policies, ratingsOf(0.7, 0.5, 0.7)).iteration).toBe(0);
  });

  it('leaves a policy out that pleases the reward network but breaks frames', () => {
    const broken = [policyOf(0, 0.8), policyOf(1, 0.7)];
    expect(electPolicy(broken, ratingsOf(0.5, 0.9)).iteration).toBe(0);
  });

  it('takes the latest where nothing was rated', () => {
    expect(electPolicy(policies, []).iteration).toBe(2);
    const empty = ratingsOf(0.9, 0, 0).map((rating) => ({ ...rating, videos: 0 }));
    expect(electPolicy(policies, empty).iteration).toBe(2);
  });
});

describe('the election after a round of fine-tuning', () => {
  const rated = (key: string, validationReward: number) => ({ policy: reference(key), validationReward });

  it('goes to the present policy only when it is better', () => {
    expect(electLatest(rated('a', 0.5), rated('b', 0.6), true).policy.key).toBe('b');
    expect(electLatest(rated('a', 0.5), rated('b', 0.5), true).policy.key).toBe('a');
    expect(electLatest(undefined, rated('b', 0.1), true).policy.key).toBe('b');
  });

  it('never goes to a policy whose rating is no number', () => {
    expect(electLatest(rated('a', 0.5), rated('b', Number.NaN), true).policy.key).toBe('a');
  });

  it('goes to the present policy where nothing was judged', () => {
    expect(electLatest(rated('a', 0.5), rated('b', 0.1), false).policy.key).toBe('b');
  });
});
