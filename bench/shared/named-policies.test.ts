import { expect, it } from 'vitest';
import { namedPolicies, policyToOptimise } from './named-policies.ts';
import { refusalOf } from './refusal.fixture.ts';

it('reads names and files, the seed in its place', () => {
  expect(namedPolicies('source=out/seed-{seed}/a.safetensors, own=b=c.safetensors', 3)).toEqual([
    { name: 'source', file: 'out/seed-3/a.safetensors' },
    { name: 'own', file: 'b=c.safetensors' },
  ]);
});

it('refuses an entry without a file, and one name for two', () => {
  expect(refusalOf(() => namedPolicies('source', 1)).said).toContain('expected name=file, found "source"');
  expect(refusalOf(() => namedPolicies('a=x,a=y', 1)).said).toContain('the name a stands for two files');
});

it('knows which of them is optimised, and refuses a name that none has', () => {
  const policies = namedPolicies('a=x,b=y', 1);
  expect(policyToOptimise(policies, 'b')).toEqual({ name: 'b', file: 'y' });
  expect(policyToOptimise(policies, undefined)).toBeUndefined();
  expect(refusalOf(() => policyToOptimise(policies, 'c'))).toEqual({
    exitCode: 2,
    said: expect.stringContaining('--tto: expected one of a, b, found "c"'),
  });
});
