import { expect, it } from 'vitest';
import { LocalSgdSchema, PpoSchema } from '../contracts/run-config.ts';
import { planPart, planRounds } from './local-sgd-rounds.ts';

const plan = (workers: number, stepsPerRound: number, windowsPerEpoch?: number) =>
  planRounds(
    {
      ppo: PpoSchema.parse({ epochs: 5, windowsPerEpoch }),
      localSgd: LocalSgdSchema.parse({ workers, stepsPerRound }),
    },
    40,
  );

it('shares the windows of plain training out among the workers', () => {
  expect(plan(2, 20)).toEqual({ rounds: 5, steps: 20 });
  expect(plan(4, 20, 32)).toEqual({ rounds: 2, steps: 20 });
  expect(plan(1, 1000)).toEqual({ rounds: 1, steps: 200 });
});

it('makes rounds longer rather than a history too long', () => {
  const { rounds, steps } = plan(3, 1, 2500);
  expect(rounds * 4).toBeLessThanOrEqual(4000);
  expect(rounds * steps * 3).toBeGreaterThanOrEqual(5 * 2500);
});

it('gives a worker its steps of the round, what lies around them and what is left of the warm-up', () => {
  const config = {
    ppo: PpoSchema.parse({ epochs: 5, criticWarmupWindows: 50 }),
    localSgd: LocalSgdSchema.parse({ workers: 2, stepsPerRound: 20 }),
  };
  const parts = [1, 2, 5].map((round) => planPart(config, 40, { round, steps: 20 }));
  expect(parts.map(({ before, after }) => [before, after])).toEqual([
    [0, 80],
    [20, 60],
    [80, 0],
  ]);
  expect(parts.map(({ ppo }) => ppo.criticWarmupWindows)).toEqual([25, 5, 0]);
  expect(parts[0]!.ppo).toMatchObject({ epochs: 1, windowsPerEpoch: 20 });
});
