/** Trainings of a run in local-SGD rounds, on a real Temporal server with fake activities. */
import { ApplicationFailure } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MergeRoundInput, TrainLocallyInput } from '../../contracts/round-activities.ts';
import type { RoundsInput } from '../../contracts/stages.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { pauseUpdate, resumeUpdate, stopUpdate } from '../../workflows/steering.ts';
import { gate } from './gate.ts';
import { adaptationInput, type Bench, fakeActivities, mostEventsOfStage, openBench, ref } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

let runs = 0;

describe('a run with several workers', () => {
  /** A run of two workers, with what its rounds were told. */
  async function runOfTwo() {
    const parts: TrainLocallyInput[] = [];
    const merges: MergeRoundInput[] = [];
    const concluded: object[] = [];
    const { activities, calls } = fakeActivities();
    const { trainLocally, mergeRound, fitRewardNetwork, pretrainPolicy } = activities;
    activities.trainLocally = async (input) => {
      parts.push(input);
      return trainLocally(input);
    };
    activities.mergeRound = async (input) => {
      merges.push(input);
      return mergeRound(input);
    };
    activities.pretrainPolicy = async (input) => {
      concluded.push(input);
      return pretrainPolicy(input);
    };
    activities.fitRewardNetwork = async (input) => {
      concluded.push(input);
      return fitRewardNetwork(input);
    };
    const input = adaptationInput(`rounds-${++runs}`, { iterations: 1 });
    Object.assign(input.config.localSgd, { workers: 2, stepsPerRound: 30 });
    Object.assign(input.config.ppo, { epochs: 2, windowsPerEpoch: 60 });
    Object.assign(input.config.pretraining, { steps: 100 });
    const result = await bench.serve(activities, async () => (await bench.start(input)).result());
    const roundsOf = (training: string, rounds: number) =>
      Array.from({ length: rounds }, (_, index) =>
        parts
          .filter((part) => part.training === training && part.round === index + 1)
          .sort((a, b) => a.worker - b.worker),
      );
    return { result, calls, merges, concluded, roundsOf };
  }

  it('fine-tunes in rounds, each worker going on with its own optimisers from the merged weights', async () => {
    const { result, calls, merges, roundsOf } = await runOfTwo();
    expect(calls).not.toContain('fineTunePolicy');
    expect(result.policies[1]).toMatchObject({ policy: ref('merged-1'), reward: 0.7 });
    const rounds = roundsOf('fine-tuning', 2);
    const workers = [0, 1].map((worker) => ({ worker, steps: 30 }));
    expect(rounds).toMatchObject([workers, workers]);
    expect(rounds[0]).toMatchObject(workers.map(() => ({ policy: ref('policy-0') })));
    expect(rounds[0]!.some(({ before }) => before)).toBe(false);
    expect(rounds[1]).toMatchObject(
      [0, 1].map((worker) => ({
        policy: ref('merged-1'),
        critic: ref('merged-critic-1'),
        before: ref(`local-1-${worker}`),
      })),
    );
    const last = merges.filter(({ training }) => training === 'fine-tuning')[1]!;
    expect(last).toMatchObject({
      momentum: ref('momentum-1'),
      policy: ref('merged-1'),
      start: ref('policy-0'),
    });
    expect(last.locals.map(({ local }) => local.key)).toEqual(['local-2-0', 'local-2-1']);
  });

  it('fits the reward in rounds of an epoch until its rules end it, and calibrates the best once', async () => {
    const { concluded, merges, roundsOf } = await runOfTwo();
    const rounds = roundsOf('reward-fit', 4);
    expect(rounds.map((round) => round.length)).toEqual([2, 2, 2, 0]);
    expect(rounds[0]!.some((part) => 'network' in part || 'steps' in part || part.before)).toBe(false);
    expect(rounds[2]).toMatchObject(
      [0, 1].map((worker) => ({
        network: ref('reward-2'),
        before: ref(`local-2-${worker}`),
        iteration: 1,
      })),
    );
    const last = merges.filter(({ training }) => training === 'reward-fit')[2]!;
    expect(last).toMatchObject({ network: ref('reward-2'), momentum: ref('momentum-2') });
    expect(concluded.slice(1)).toEqual([expect.objectContaining({ iteration: 1, rounds: 3 })]);
  });

  it('pretrains in rounds and takes over the average of the last', async () => {
    const { concluded, merges, roundsOf } = await runOfTwo();
    // 100 steps are 50 for each of two workers: rounds of 30 and, to take at least as many, 30.
    expect(roundsOf('pretraining', 3)).toMatchObject([
      [0, 1].map((worker) => ({ worker, steps: 30 })),
      [0, 1].map((worker) => ({ worker, steps: 30, policy: ref('pretrained-1') })),
      [],
    ]);
    expect(merges[1]).toMatchObject({ average: ref('average-1'), momentum: ref('momentum-1') });
    expect(concluded[0]).toMatchObject({ trained: { policy: ref('average-2'), rounds: 2 } });
  });

  it('begins rounds that diverged again at a lower rate', async () => {
    const rates: (number | undefined)[] = [];
    const { activities, calls } = fakeActivities();
    const { mergeRound } = activities;
    activities.mergeRound = async (input) => {
      if (input.training !== 'reward-fit') return mergeRound(input);
      rates.push(input.rateFactor);
      if (input.rateFactor === undefined) throw ApplicationFailure.nonRetryable('NaN', 'Diverged');
      return mergeRound(input);
    };
    const input = adaptationInput('rounds-cured', { iterations: 1 });
    Object.assign(input.config.localSgd, { workers: 2, stepsPerRound: 20_000 });
    await bench.serve(activities, async () => (await bench.start(input)).result());
    expect(rates).toEqual([undefined, 0.3, 0.3, 0.3]);
    expect(calls.filter((name) => name === 'fitRewardNetwork')).toHaveLength(1);
  });

  it('is paused in a round, goes on with the same round, and is stopped with what it has', async () => {
    const training = gate();
    const begun: string[] = [];
    const { activities, calls } = fakeActivities();
    const { trainLocally } = activities;
    activities.trainLocally = async (input) => {
      if (input.training !== 'reward-fit' || input.round === 1) return trainLocally(input);
      begun.push(`${input.round}-${input.worker}`);
      await training.hold();
      return trainLocally(input);
    };
    const input = adaptationInput('rounds-steered', { iterations: 1 });
    Object.assign(input.config.localSgd, { workers: 2, stepsPerRound: 20_000 });
    const result = await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(2);
      await handle.executeUpdate(pauseUpdate);
      await expect.poll(() => training.cancelled(), { timeout: 10_000 }).toBe(2);
      await handle.executeUpdate(resumeUpdate);
      await expect.poll(() => begun.length, { timeout: 10_000 }).toBe(4);
      await handle.executeUpdate(stopUpdate);
      return handle.result();
    });
    expect([...begun].sort()).toEqual(['2-0', '2-0', '2-1', '2-1']);
    expect(result).toMatchObject({ stopped: true, best: { iteration: 0 } });
    expect(calls).not.toContain('fitRewardNetwork');
  });
});

describe('rounds of a fine-tuning', () => {
  it('continue as new before their history is long, each from what the one before left', async () => {
    const { activities } = fakeActivities();
    const { trainLocally, mergeRound } = activities;
    const trained: TrainLocallyInput[] = [];
    activities.trainLocally = async (input) => {
      trained.push(input);
      return trainLocally(input);
    };
    const merged: MergeRoundInput[] = [];
    activities.mergeRound = async (input) => {
      merged.push(input);
      return mergeRound(input);
    };
    const [rounds, workers] = [24, 64];
    const start = {
      run: 'rounds',
      config: ref('config'),
      plan: ref('plan'),
      iteration: 1,
      policy: ref('policy'),
      reference: ref('policy'),
      reward: { network: ref('reward'), temperature: 1 },
    };
    const input: RoundsInput = {
      task: { start, workers, rounds, steps: 10 },
      steering: { paused: false, stopping: false },
      soFar: { done: 0, locals: [] },
    };
    const { workflow } = bench.environment.client;
    const result = await bench.serve(activities, () =>
      workflow.execute('localSgdRounds', {
        workflowId: 'rounds',
        taskQueue: taskQueues.control,
        args: [input],
      }),
    );
    expect(result).toMatchObject({ done: rounds, best: { policy: ref('merged-1'), validationReward: 0.7 } });
    expect(merged.map(({ round }) => round)).toEqual(Array.from({ length: rounds }, (_, index) => index + 1));
    expect(trained).toHaveLength(rounds * workers);
    for (const part of trained.filter(({ round }) => round > 1)) {
      const { round, worker } = part;
      const [policy, before] = [ref(`merged-${round - 1}`), ref(`local-${round - 1}-${worker}`)];
      expect(part).toMatchObject({ policy, before });
    }
    const lengths = await bench.historyLengths('rounds');
    expect(lengths.length).toBeGreaterThan(1);
    expect(Math.max(...lengths)).toBeLessThan(mostEventsOfStage);
  }, 240_000);
});
