/**
 * Steering a running adaptation: pause, resume, stop, cancel, concurrency; on a real Temporal server with fake
 * activities.
 */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Progress } from '../../contracts/messages.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { pauseUpdate, resumeUpdate, setConcurrencyUpdate, stopUpdate } from '../../workflows/steering.ts';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Waits until the run's progress is as asked. */
async function until(handle: WorkflowHandle, holds: (progress: Progress) => boolean): Promise<Progress> {
  for (;;) {
    const progress = await handle.query(progressQuery);
    if (holds(progress)) return progress;
  }
}

/** An activity that lasts until it is cancelled or let go. */
function gate(): { hold: () => Promise<void>; open: () => void; cancelled: () => number } {
  let open!: () => void;
  let cancelled = 0;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open: () => open(),
    cancelled: () => cancelled,
    async hold() {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 50);
      try {
        await Promise.race([
          opened,
          context.cancelled.catch((error) => {
            cancelled++;
            throw error;
          }),
        ]);
      } finally {
        clearInterval(beat);
      }
    },
  };
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
