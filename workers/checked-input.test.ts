import { expect, it } from 'vitest';
import { computeInputs, type PredictShardInput } from '../contracts/activities.ts';
import { tinyWorld } from '../test/orchestration/tiny-run.ts';
import { checked } from './checked-input.ts';

const reference = { key: 'k', sha256: 'ab'.repeat(32), bytes: 1 };
const input: PredictShardInput = {
  run: 'r',
  config: reference,
  plan: reference,
  iteration: 1,
  split: 'target',
  shard: 0,
  policy: reference,
};

const { predictShard: call } = checked(
  { predictShard: async (given: PredictShardInput) => given.shard },
  { predictShard: computeInputs.predictShard },
);
const run = (given: unknown) => call(given as never, tinyWorld().context());

it('hands an input on that is of its schema', async () => {
  expect(await run(input)).toBe(0);
});

it.each([
  ['lacks a field', { ...input, policy: undefined }, /policy/],
  ['has one of another version', { ...input, windows: 4 }, /windows/],
  ['is nothing', undefined, /predictShard/],
])('refuses an input that %s, for a worker that understands it to take', async (_, given, named) => {
  await expect(run(given)).rejects.toMatchObject({
    code: 'VersionMismatch',
    message: expect.stringMatching(named),
  });
});
