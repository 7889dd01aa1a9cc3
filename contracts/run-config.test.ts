import { expect, it } from 'vitest';
import { RunConfigSchema } from './run-config.ts';

const names = { source: 'source', target: 'target' };

it('refuses to propose completions in a run that fits no shapes', () => {
  const ppo = { proposals: ['completed'] };
  const { error } = RunConfigSchema.safeParse({ ...names, ppo });
  expect(error!.issues).toMatchObject([
    { path: ['ppo', 'proposals'], message: expect.stringContaining('inference.completion is enabled') },
  ]);
  const inference = { completion: { enabled: true } };
  expect(RunConfigSchema.parse({ ...names, ppo, inference }).ppo.proposals).toEqual(['completed']);
});

it('takes each proposal of a group once, and at least one', () => {
  for (const proposals of [[], ['swept', 'swept'], ['unknown']])
    expect(RunConfigSchema.safeParse({ ...names, ppo: { proposals } }).success).toBe(false);
});
