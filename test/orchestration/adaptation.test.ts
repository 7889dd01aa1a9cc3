/** The logic of the adaptation workflow, on a real Temporal server with fake activities. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Progress } from '../../contracts/messages.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { adaptation } from '../../workflows/adaptation.ts';
import { nightly } from '../../workflows/nightly.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { pauseUpdate, resumeUpdate, setConcurrencyUpdate, stopUpdate } from '../../workflows/steering.ts';
import { adaptationInput, type Bench, fakeActivities, openBench, ref } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

let runs = 0;
function start(input = adaptationInput(`run-${++runs}`)) {
  return bench.environment.client.workflow.start(adaptation, {
    workflowId: input.run,
    taskQueue: taskQueues.control,
    args: [input],
  });
}

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

describe('adaptation', () => {
  it('runs the paper algorithm in order, one history per iteration, and keeps the policy with the best validation reward', async () => {
    const { activities, calls } = fakeActivities();
    const result = await bench.serve(activities, async () => {
      const handle = await start();
      const outcome = await handle.result();
      const history = await bench.environment.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId).fetchHistory();
      expect(history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
      return outcome;
    });
    expect(result.best.iteration).toBe(2);
    expect(result.policies.map(({ policy }) => policy.key)).toEqual(['policy-0', 'policy-1', 'policy-2']);
    expect(result.policies[1]).toMatchObject({ reward: 0.6, test: { dice: 0.81 } });
    expect(result.stopped).toBe(false);
    const firstTimes = calls.filter((name, index) => calls.indexOf(name) === index);
    expect(firstTimes).toEqual([
      'planRun',
      'pretrainPolicy',
      'fitShapeAutoencoder',
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
    expect({ label: count('labelShard'), predict: count('predictShard'), rate: count('ratePolicy') }).toEqual({
      label: 10,
      predict: 10 + 3 * 2,
      rate: 3,
    });
  });

  it('skips pretraining with an initial policy and the autoencoder when it is disabled', async () => {
    const { activities, calls } = fakeActivities();
    const { planRun } = activities;
    activities.planRun = async (input) => ({ ...(await planRun(input)), initialPolicy: ref('imported') });
    const input = adaptationInput('from-checkpoint', { iterations: 1 });
    input.config.autoencoder.enabled = false;
    const result = await bench.serve(activities, async () => (await start(input)).result());
    expect(result.policies[0]?.policy.key).toBe('imported');
    expect(calls).not.toContain('pretrainPolicy');
    expect(calls).not.toContain('fitShapeAutoencoder');
  });

  it('fails by itself when more than the allowed share of the videos is quarantined', async () => {
    const { activities, calls } = fakeActivities({ labelShard: async () => ({ done: 3, quarantined: 1, counts: { kept: 3, corrected: 0, rejected: 0, triples: 9 } }) });
    const error = await bench.serve(activities, async () => (await start()).result().catch((caught) => caught));
    expect(error.cause).toBeInstanceOf(ApplicationFailure);
    expect(error.cause).toMatchObject({ type: 'DatasetInvalid', nonRetryable: true });
    expect(error.cause.message).toMatch(/5 of the 20 videos .* \(25\.0 %\).*maxQuarantinedShare/);
    expect(calls).not.toContain('fitRewardNetwork');
  });

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
      const handle = await start();
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
      const handle = await start(input);
      await expect.poll(() => inFlight, { timeout: 20_000 }).toBe(2);
      await expect(handle.executeUpdate(setConcurrencyUpdate, { args: [0] })).rejects.toThrow();
      await handle.executeUpdate(setConcurrencyUpdate, { args: [4] });
      await expect.poll(() => inFlight, { timeout: 10_000 }).toBe(4);
      expect(await handle.query(progressQuery)).toMatchObject({ stage: 'labelling', concurrency: 4, total: 5, unit: 'shards' });
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
      const handle = await start();
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
      const handle = await start();
      await until(handle, ({ stage }) => stage === 'pretraining');
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow('cancelled');
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(training.cancelled()).toBe(1);
    });
  });

  it('carries references and small numbers alone: no payload reaches 64 kB', async () => {
    const { activities } = fakeActivities();
    const sizes = await bench.serve(activities, async () => {
      const handle = await start();
      await handle.result();
      const { client } = bench.environment;
      const found: number[] = [];
      for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${handle.workflowId}"` })) {
        const { events } = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
        for (const event of events ?? []) collectPayloadSizes(event, found);
      }
      return found;
    });
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.max(...sizes)).toBeLessThan(64_000);
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

function collectPayloadSizes(value: unknown, sizes: number[]): void {
  if (value instanceof Uint8Array) sizes.push(value.length);
  else if (Array.isArray(value)) for (const item of value) collectPayloadSizes(item, sizes);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collectPayloadSizes(item, sizes);
  }
}
