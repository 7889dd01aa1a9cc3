/**
 * Steering a running adaptation: pause, resume, stop, cancel, concurrency; on a real Temporal server with fake
 * activities.
 */
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaleRun, steerRun } from '../../app/runs/run-orders.ts';
import { type Progress, ProgressSchema } from '../../contracts/messages.ts';
import { fleetFollowing } from '../../temporal.config.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { pauseUpdate, resumeUpdate, setConcurrencyUpdate, stopUpdate } from '../../workflows/steering.ts';
import { gate } from './gate.ts';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Waits until the run's progress is as asked. */
async function until(handle: WorkflowHandle, holds: (progress: Progress) => boolean): Promise<void> {
  await expect
    .poll(async () => holds(ProgressSchema.parse(await handle.query(progressQuery))), {
      timeout: 20_000,
      interval: 50,
    })
    .toBe(true);
}

describe('a running adaptation', () => {
  it('interrupts training on pause and calls it again on resume', async () => {
    const training = gate();
    let attempts = 0;
    const { activities } = fakeActivities();
    const { fineTunePolicy } = activities;
    activities.fineTunePolicy = async (input) => {
      attempts++;
      await training.hold();
      return fineTunePolicy(input);
    };
    await bench.serve(activities, async () => {
      const handle = await bench.start();
      await until(handle, ({ stage }) => stage === 'fine-tuning');
      await expect.poll(() => attempts).toBe(1);
      await handle.executeUpdate(pauseUpdate);
      expect((await handle.query(progressQuery)).state).toBe('paused');
      await expect.poll(() => training.cancelled(), { timeout: 10_000 }).toBe(1);
      await handle.executeUpdate(resumeUpdate);
      await expect.poll(() => attempts, { timeout: 10_000 }).toBe(2);
      training.open();
      expect((await handle.result()).policies).toHaveLength(3);
    });
  });

  it('interrupts both of two trainings that go on at once on pause, calls both again on resume, and ends both on stop', async () => {
    const [pretraining, fitting] = [gate(), gate()];
    const begun = { pretraining: 0, fitting: 0 };
    const { activities } = fakeActivities();
    const { pretrainPolicy, fitShapeAutoencoder } = activities;
    activities.pretrainPolicy = async (input) => {
      begun.pretraining++;
      await pretraining.hold();
      return pretrainPolicy(input);
    };
    activities.fitShapeAutoencoder = async (input) => {
      begun.fitting++;
      await fitting.hold();
      return fitShapeAutoencoder(input);
    };
    await bench.serve(activities, async () => {
      const handle = await bench.start();
      const bothAt = (times: number) =>
        expect.poll(() => begun, { timeout: 10_000 }).toEqual({ pretraining: times, fitting: times });
      const bothCancelled = (times: number) =>
        expect
          .poll(() => [pretraining.cancelled(), fitting.cancelled()], { timeout: 10_000 })
          .toEqual([times, times]);
      await bothAt(1);
      await handle.executeUpdate(pauseUpdate);
      await bothCancelled(1);
      await handle.executeUpdate(resumeUpdate);
      await bothAt(2);
      await handle.executeUpdate(stopUpdate);
      await bothCancelled(2);
      await expect(handle.result()).rejects.toMatchObject({
        cause: { message: expect.stringContaining('stopped before it had a policy') },
      });
    });
  });

  it('takes an order that was there before its first step, without a failed workflow task', async () => {
    const { activities } = fakeActivities();
    const handle = await bench.start(adaptationInput('early', { iterations: 1 }));
    const ordered = handle.executeUpdate(setConcurrencyUpdate, { args: [3] });
    await bench.serve(activities, async () => {
      await ordered;
      expect((await handle.query(progressQuery)).concurrency).toBe(3);
      await handle.result();
    });
    const first = bench.environment.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
    const { events } = await first.fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });

  it.each(['pause', 'stop'] as const)(
    'outlives a store that is away when it is told to %s',
    async (order) => {
      const training = gate();
      const { activities } = fakeActivities();
      const { fineTunePolicy } = activities;
      let away = true;
      activities.fineTunePolicy = async (input) => {
        if (!away) return fineTunePolicy(input);
        await training.hold().catch(() => {
          throw ApplicationFailure.retryable('the checkpoint could not be written', 'StorageUnavailable');
        });
        throw new Error('not reached');
      };
      await bench.serve(activities, async () => {
        const handle = await bench.start(adaptationInput(`store-away-${order}`, { iterations: 1 }));
        await until(handle, ({ stage }) => stage === 'fine-tuning');
        await expect
          .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastHeartbeatTime)
          .toBeTruthy();
        await handle.executeUpdate(order === 'pause' ? pauseUpdate : stopUpdate);
        await expect.poll(() => training.cancelled(), { timeout: 10_000 }).toBe(1);
        away = false;
        if (order === 'pause') {
          await until(handle, ({ state }) => state === 'paused');
          await handle.executeUpdate(resumeUpdate);
        }
        const result = await handle.result();
        expect(result.policies).toHaveLength(order === 'pause' ? 2 : 1);
        expect(result.stopped).toBe(order === 'stop');
      });
    },
  );

  it('keeps no more shards in flight than allowed, also after the number was changed', async () => {
    const shard = gate();
    let inFlight = 0;
    const { activities } = fakeActivities();
    const { labelShard } = activities;
    activities.labelShard = async (input) => {
      inFlight++;
      await shard.hold();
      inFlight--;
      return labelShard(input);
    };
    const input = adaptationInput('concurrency', { iterations: 1 });
    input.config.sweep.concurrentShards = 2;
    await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await expect.poll(() => inFlight, { timeout: 20_000 }).toBe(2);
      await expect(handle.executeUpdate(setConcurrencyUpdate, { args: [0] })).rejects.toThrow();
      await handle.executeUpdate(setConcurrencyUpdate, { args: [4] });
      await expect.poll(() => inFlight, { timeout: 10_000 }).toBe(4);
      expect(await handle.query(progressQuery)).toMatchObject({
        stage: 'labelling',
        concurrency: 4,
        total: 5,
        unit: 'shards',
      });
      shard.open();
      await handle.result();
    });
  });

  it('keeps as many shards in flight as the compute workers need, until somebody says a number', async () => {
    const shard = gate();
    let inFlight = 0;
    const { activities } = fakeActivities({ countComputeWorkers: async () => 2 });
    const { labelShard } = activities;
    activities.labelShard = async (input) => {
      inFlight++;
      await shard.hold();
      inFlight--;
      return labelShard(input);
    };
    await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('following', { iterations: 1 }));
      await expect.poll(() => inFlight, { timeout: 20_000 }).toBe(2 * fleetFollowing.shardsPerComputeWorker);
      await scaleRun(bench.environment.client, 'following', 5);
      await expect.poll(() => inFlight, { timeout: 10_000 }).toBe(5);
      await scaleRun(bench.environment.client, 'following', 'auto');
      shard.open();
      await handle.result();
    });
  });

  it('ends early on stop, with the best of what it has and a report', async () => {
    const training = gate();
    const { activities, calls } = fakeActivities();
    const { fineTunePolicy } = activities;
    activities.fineTunePolicy = async (input) => {
      if (input.iteration === 2) await training.hold();
      return fineTunePolicy(input);
    };
    const result = await bench.serve(activities, async () => {
      const handle = await bench.start();
      await until(handle, ({ stage, iteration }) => stage === 'fine-tuning' && iteration === 2);
      await handle.executeUpdate(stopUpdate);
      return handle.result();
    });
    expect(result.stopped).toBe(true);
    expect(result.policies).toHaveLength(2);
    expect(result.best.iteration).toBe(1);
    expect(calls).toContain('writeReport');
  });

  it('is not paused any more once it is stopping, which would keep it for ever', async () => {
    const training = gate();
    let letEnd!: () => void;
    const mayEnd = new Promise<void>((resolve) => {
      letEnd = resolve;
    });
    const { activities } = fakeActivities();
    activities.fineTunePolicy = async () => {
      try {
        await training.hold();
      } finally {
        await mayEnd;
      }
      throw new Error('Only its cancellation ends it.');
    };
    await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('stopping', { iterations: 1 }));
      await until(handle, ({ stage }) => stage === 'fine-tuning');
      await handle.executeUpdate(stopUpdate);
      await expect(steerRun(bench.environment.client, 'stopping', 'pause')).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('stopping already'),
      });
      letEnd();
      expect(await handle.result()).toMatchObject({ stopped: true, best: { iteration: 0 } });
    });
  });

  it('is cancelled together with its activities', async () => {
    const training = gate();
    const { activities } = fakeActivities({
      pretrainPolicy: async () => {
        await training.hold();
        throw new Error('not reached');
      },
    });
    await bench.serve(activities, async () => {
      const handle = await bench.start();
      await until(handle, ({ stage }) => stage === 'pretraining');
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow('cancelled');
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(training.cancelled()).toBe(1);
    });
  });
});
