/** The logic of the adaptation workflow, on a real Temporal server with fake activities. */
import { ApplicationFailure } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RewardModel } from '../../contracts/messages.ts';
import type { PolicyResult } from '../../contracts/results.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { nightly } from '../../workflows/nightly.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { gate } from './gate.ts';
import { type Activities, adaptationInput, type Bench, fakeActivities, openBench, ref } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Ratings of the policies of a run in order, the one before adaptation first. */
const rated =
  (...rewards: number[]): Activities['ratePolicy'] =>
  async ({ iteration }) => ({ iteration, reward: rewards[iteration]!, videos: 4 });

describe('adaptation', () => {
  it('runs the paper algorithm in order, one history per iteration, and keeps the policy with the best validation reward', async () => {
    const { activities, calls } = fakeActivities({ ratePolicy: rated(0.5, 0.7, 0.6) });
    const result = await bench.serve(activities, async () => {
      const handle = await bench.start();
      const outcome = await handle.result();
      const first = bench.environment.client.workflow.getHandle(
        handle.workflowId,
        handle.firstExecutionRunId,
      );
      const { events } = await first.fetchHistory();
      expect(events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
      return outcome;
    });
    expect(result.best).toEqual(result.policies[1]);
    expect(result.policies.map(({ policy }) => policy.key)).toEqual(['policy-0', 'policy-1', 'policy-2']);
    expect(result.policies[1]).toMatchObject({ reward: 0.6, test: { dice: 0.81 } });
    expect(result.stopped).toBe(false);
    const firstTimes = calls.filter((name, index) => calls.indexOf(name) === index);
    // These two are handed out at once, and taken by whoever is free.
    expect(firstTimes.splice(1, 2).sort()).toEqual(['fitShapeAutoencoder', 'pretrainPolicy']);
    expect(firstTimes).toEqual([
      'planRun',
      'fitLandmarkReward',
      'predictShard',
      'scoreShard',
      'summariseEvaluation',
      'labelShard',
      'fitRewardNetwork',
      'fineTunePolicy',
      'ratePolicy',
      'selectBest',
      'writeReport',
    ]);
    const count = (name: string): number => calls.filter((call) => call === name).length;
    expect({ label: count('labelShard'), predict: count('predictShard'), rate: count('ratePolicy') }).toEqual(
      {
        label: 10,
        predict: 10 + 3 * 2,
        rate: 3,
      },
    );
  });

  it('rates its policies side by side, each for itself', async () => {
    const first = gate();
    const inOrder = rated(0.5, 0.7, 0.6);
    const { activities } = fakeActivities({
      ratePolicy: async (input) => {
        // One after the other the first would never end.
        if (input.iteration === 0) await first.hold();
        if (input.iteration === 2) first.open();
        return inOrder(input);
      },
    });
    const result = await bench.serve(activities, async () => (await bench.start()).result());
    expect(result.best).toEqual(result.policies[1]);
  });

  it('keeps no policy that pleases the reward network but breaks frames, and reports the one that it keeps', async () => {
    const { activities } = fakeActivities({ ratePolicy: rated(0.5, 0.9, 0.6) });
    const { summariseEvaluation, writeReport } = activities;
    activities.summariseEvaluation = async (input) => {
      const summary = await summariseEvaluation(input);
      return { ...summary, validFrames: input.iteration === 1 ? 0.3 : 0.5 };
    };
    const reported: PolicyResult[] = [];
    activities.writeReport = async (input) => {
      reported.push(input.best);
      return writeReport(input);
    };
    const result = await bench.serve(activities, async () => (await bench.start()).result());
    expect(result.best).toEqual(result.policies[2]);
    expect(reported).toEqual([result.best]);
  });

  it('judges every policy by the landmark reward that was fitted once, beside the anatomical one of each iteration', async () => {
    const rewards: RewardModel[] = [];
    const { activities, calls } = fakeActivities();
    const { fineTunePolicy, ratePolicy } = activities;
    activities.fineTunePolicy = async (input) => {
      rewards.push(input.reward);
      return fineTunePolicy(input);
    };
    activities.ratePolicy = async (input) => {
      rewards.push(input.reward);
      return ratePolicy(input);
    };
    await bench.serve(activities, async () => (await bench.start()).result());
    expect(calls.filter((name) => name === 'fitLandmarkReward')).toHaveLength(1);
    expect(rewards).toEqual(
      Array(5).fill({ network: ref('reward'), temperature: 1.5, landmark: ref('landmark') }),
    );
  });

  it('skips pretraining with an initial policy, the autoencoder and the landmark reward when they are disabled', async () => {
    const { activities, calls } = fakeActivities();
    const { planRun } = activities;
    activities.planRun = async (input) => ({ ...(await planRun(input)), initialPolicy: ref('imported') });
    const input = adaptationInput('from-checkpoint', { iterations: 1 });
    input.config.autoencoder.enabled = false;
    input.config.landmark.enabled = false;
    const result = await bench.serve(activities, async () => (await bench.start(input)).result());
    expect(result.policies[0]?.policy.key).toBe('imported');
    expect(calls).not.toContain('pretrainPolicy');
    expect(calls).not.toContain('fitShapeAutoencoder');
    expect(calls).not.toContain('fitLandmarkReward');
    expect(calls).not.toContain('fitLinearShapes');
  });

  it('fits the shapes beside the pretraining, shows the one that has not ended, and counts a bad video of all once', async () => {
    const { activities, calls } = fakeActivities();
    const { pretrainPolicy, fitShapeAutoencoder, fitLinearShapes } = activities;
    const [pretraining, fitting] = [gate(), gate()];
    activities.pretrainPolicy = async (input) => {
      await pretraining.hold();
      return { ...(await pretrainPolicy(input)), quarantined: 2 };
    };
    activities.fitShapeAutoencoder = async (input) => {
      // One after the other this would never begin.
      pretraining.open();
      await fitting.hold();
      return { ...(await fitShapeAutoencoder(input)), quarantined: 1 };
    };
    activities.fitLinearShapes = async (input) => ({ ...(await fitLinearShapes(input)), quarantined: 2 });
    const input = adaptationInput('at-once', { iterations: 1 });
    input.config.inference.completion.enabled = true;
    const result = await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await expect
        .poll(async () => (await handle.query(progressQuery)).stage, { timeout: 20_000 })
        .toBe('fitting the shape autoencoder');
      fitting.open();
      return handle.result();
    });
    expect(result.quarantined).toBe(2);
    expect(calls.indexOf('fitLandmarkReward')).toBeGreaterThan(calls.indexOf('fitLinearShapes'));
  });

  it('ends the training beside one that fails, and fails with what that one said', async () => {
    const pretraining = gate();
    const { activities } = fakeActivities({
      fitShapeAutoencoder: async () => {
        throw ApplicationFailure.nonRetryable('no mask in the source', 'DatasetInvalid');
      },
      pretrainPolicy: async () => {
        await pretraining.hold();
        throw new Error('not reached');
      },
    });
    const run = bench.serve(activities, async () => (await bench.start()).result());
    await expect(run).rejects.toMatchObject({ cause: { cause: { message: 'no mask in the source' } } });
  });

  it('begins the training that diverged again at a lower rate, and not the one beside it', async () => {
    const rates: (number | undefined)[] = [];
    const { activities, calls } = fakeActivities();
    const { fitShapeAutoencoder } = activities;
    activities.fitShapeAutoencoder = async (input) => {
      rates.push(input.rateFactor);
      if (rates.length < 3) throw ApplicationFailure.nonRetryable('NaN', 'Diverged');
      return fitShapeAutoencoder(input);
    };
    const input = adaptationInput('one-diverges', { iterations: 1 });
    await bench.serve(activities, async () => (await bench.start(input)).result());
    expect(rates).toEqual([undefined, 0.3, 0.1]);
    expect(calls.filter((name) => name === 'pretrainPolicy')).toHaveLength(1);
  });

  it('fits the linear shapes before anything is predicted where segmentations are to be completed', async () => {
    const { activities, calls } = fakeActivities();
    const input = adaptationInput('completing', { iterations: 1 });
    input.config.inference.completion.enabled = true;
    await bench.serve(activities, async () => (await bench.start(input)).result());
    expect(calls.filter((name) => name === 'fitLinearShapes')).toHaveLength(1);
    expect(calls.indexOf('fitLinearShapes')).toBeLessThan(calls.indexOf('predictShard'));
  });

  it('begins a training that diverged again at lower rates, and fails when that does not help', async () => {
    const rates: (number | undefined)[] = [];
    const { activities } = fakeActivities();
    const { fineTunePolicy } = activities;
    let cure = 0.3;
    activities.fineTunePolicy = async (input) => {
      rates.push(input.rateFactor);
      if ((input.rateFactor ?? 1) > cure) throw ApplicationFailure.nonRetryable('NaN', 'Diverged');
      return fineTunePolicy(input);
    };
    await bench.serve(activities, async () => {
      const helped = await bench.start(adaptationInput('cured', { iterations: 1 }));
      expect((await helped.result()).policies).toHaveLength(2);
      expect(rates).toEqual([undefined, 0.3]);
      rates.length = 0;
      cure = 0;
      const lost = await bench.start(adaptationInput('lost', { iterations: 1 }));
      await expect(lost.result()).rejects.toThrow();
      expect(rates).toEqual([undefined, 0.3, 0.1]);
    });
  });

  it('ends after labelling, saying what to do, when hardly any video is kept or corrected', async () => {
    const { activities, calls } = fakeActivities({
      labelShard: async ({ shard }) => ({
        done: 4,
        quarantined: 0,
        counts: { kept: shard === 0 ? 1 : 0, corrected: 0, rejected: shard === 0 ? 3 : 4, triples: 0 },
      }),
    });
    const failure = await bench.serve(activities, async () =>
      (await bench.start()).result().then(
        () => undefined,
        (error: Error) => error.cause,
      ),
    );
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'NothingToLearn', nonRetryable: true });
    expect((failure as Error).message).toContain('labelling.minimumVideos');
    expect(calls).toContain('labelShard');
    expect(calls).not.toContain('fitRewardNetwork');
  });

  it('fails by itself when more than the allowed share of the videos is quarantined', async () => {
    const { activities, calls } = fakeActivities({
      labelShard: async () => ({
        done: 3,
        quarantined: 1,
        counts: { kept: 3, corrected: 0, rejected: 0, triples: 9 },
      }),
    });
    const error = await bench.serve(activities, async () =>
      (await bench.start()).result().catch((caught) => caught),
    );
    expect(error.cause).toBeInstanceOf(ApplicationFailure);
    expect(error.cause).toMatchObject({ type: 'DatasetInvalid', nonRetryable: true });
    expect(error.cause.message).toMatch(/5 of 20 videos .* \(25\.0 %\).*maxQuarantinedShare/);
    expect(calls).not.toContain('fitRewardNetwork');
  });
});

describe('the count of bad videos', () => {
  const shards = 16;

  /** Activities that find one bad video in each shard, once 16 shards are in flight. */
  function withBadVideos() {
    const { activities } = fakeActivities();
    const { planRun } = activities;
    activities.planRun = async (input) => ({
      ...(await planRun(input)),
      sweeps: [{ shards, videos: 4 * shards }],
      validation: { shards, videos: 4 * shards },
      test: { shards: 0, videos: 0 },
    });
    const together = () => {
      let inFlight = 0;
      let open!: () => void;
      const all = new Promise<void>((resolve) => {
        open = resolve;
      });
      return async () => {
        if (++inFlight === shards) open();
        await all;
        return { done: 3, quarantined: 1 };
      };
    };
    const sweeps = { target: together(), validation: together(), test: together() };
    activities.predictShard = ({ split, iteration }) =>
      split === 'validation' && iteration > 0
        ? Promise.resolve({ done: 4, quarantined: 0 })
        : sweeps[split]();
    const input = adaptationInput(`bad-videos-${Math.random()}`, { iterations: 1 });
    input.config.sweep.concurrentShards = shards;
    return { activities, input };
  }

  it('is that of all shards in flight, in sweeps and in evaluations', async () => {
    const { activities, input } = withBadVideos();
    input.config.sweep.maxQuarantinedShare = 0.25;
    const result = await bench.serve(activities, async () => (await bench.start(input)).result());
    expect(result.quarantined).toBe(2 * shards);
  });

  it('ends a run that has too many of them in flight', async () => {
    const { activities, input } = withBadVideos();
    const { predictShard } = activities;
    activities.predictShard = (given) =>
      given.split === 'validation' ? Promise.resolve({ done: 4, quarantined: 0 }) : predictShard(given);
    const error = await bench.serve(activities, async () =>
      (await bench.start(input)).result().catch((caught) => caught),
    );
    expect(error.cause.message).toMatch(/16 of 64 videos of the sweep of iteration 1/);
  });
});

describe('nightly', () => {
  it('adapts the champion in a run named after the scheduled time and reports the gate', async () => {
    const { activities } = fakeActivities();
    const { planRun } = activities;
    let initialPolicy: string | undefined;
    activities.planRun = async (input) => {
      initialPolicy = input.config.initialPolicy;
      return planRun(input);
    };
    const result = await bench.serve(activities, () =>
      bench.environment.client.workflow.execute(nightly, {
        workflowId: 'nightly-ward',
        taskQueue: taskQueues.control,
        args: [{ model: 'ward', config: adaptationInput('unused', { iterations: 1 }).config }],
      }),
    );
    expect(initialPolicy).toBe('champion');
    expect(result.run).toMatch(/^ward-\d{8}T\d{6}Z$/);
    expect(result.promotion).toEqual({ promoted: true, reason: 'better' });
  });
});
