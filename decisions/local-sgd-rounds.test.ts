import { expect, it } from 'vitest';
import { LocalSgdSchema, PpoSchema, PretrainingSchema } from '../contracts/run-config.ts';
import {
  planFineTuningPart,
  planFineTuningRounds,
  planPretrainingPart,
  planRounds,
} from './local-sgd-rounds.ts';

const plan = (workers: number, stepsPerRound: number, windowsPerEpoch?: number) =>
  planFineTuningRounds(
    {
      ppo: PpoSchema.parse({ epochs: 5, windowsPerEpoch }),
      localSgd: LocalSgdSchema.parse({ workers, stepsPerRound }),
    },
    40,
  );

it('shares the windows of plain training out among the workers', () => {
  expect(plan(2, 20)).toEqual({ rounds: 5, steps: 20 });
  expect(plan(4, 10, 80)).toEqual({ rounds: 10, steps: 10 });
  expect(planRounds({ workers: 1, stepsPerRound: 1000 }, 200)).toEqual({ rounds: 1, steps: 200 });
});

it('merges a fine-tuning at least once an epoch, where plain training rates its policy', () => {
  expect(plan(2, 1000)).toEqual({ rounds: 5, steps: 20 });
  expect(plan(3, 1000, 32)).toEqual({ rounds: 5, steps: 11 });
});

it('makes rounds longer rather than a history too long', () => {
  const { rounds, steps } = plan(3, 1, 2500);
  expect(rounds * 4).toBeLessThanOrEqual(4000);
  expect(rounds * steps * 3).toBeGreaterThanOrEqual(5 * 2500);
});

it('gives a worker its steps of the round, what lies around them and what is left of the warm-up', () => {
  const config = {
    ppo: PpoSchema.parse({ epochs: 5, criticWarmupWindows: 50, averageDecay: 0.9 }),
    localSgd: LocalSgdSchema.parse({ workers: 2, stepsPerRound: 20 }),
  };
  const parts = [1, 2, 5].map((round) => planFineTuningPart(config, 40, { round, steps: 20 }));
  expect(parts.map(({ before, after }) => [before, after])).toEqual([
    [0, 80],
    [20, 60],
    [80, 0],
  ]);
  expect(parts.map(({ ppo }) => ppo.criticWarmupWindows)).toEqual([25, 5, 0]);
  expect(parts[0]!.ppo).toMatchObject({ epochs: 1, windowsPerEpoch: 20, averageDecay: 0 });
});

it('gives a worker of a pretraining its steps and its share of the warm-up, and leaves the average to the merging', () => {
  const config = {
    pretraining: PretrainingSchema.parse({ steps: 101, warmupSteps: 11, averageDecay: 0.9 }),
    localSgd: LocalSgdSchema.parse({ workers: 2, stepsPerRound: 20 }),
  };
  expect(planRounds(config.localSgd, 101)).toEqual({ rounds: 3, steps: 20 });
  const parts = [1, 3].map((round) => planPretrainingPart(config, { round, steps: 20 }));
  expect(parts.map(({ before, after }) => [before, after])).toEqual([
    [0, 40],
    [40, 0],
  ]);
  expect(parts[1]!.config).toMatchObject({ steps: 20, warmupSteps: 6, averageDecay: 0 });
});
