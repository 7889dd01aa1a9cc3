/** Sweeps in workflows of their own: bounded histories, exact counts, steered as their run is. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '../../app/runs/adaptation-client.ts';
import { ProgressSchema } from '../../contracts/messages.ts';
import type { SweepInput, SweepResult } from '../../contracts/stages.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { workflowPolicy } from '../../temporal.config.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { nothingDone } from '../../workflows/shard-work.ts';
import { pauseUpdate, resumeUpdate, stopUpdate } from '../../workflows/steering.ts';
import {
  type Activities,
  adaptationInput,
  type Bench,
  fakeActivities,
  mostEventsOfStage,
  openBench,
  ref,
} from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** A sweep by itself, over this many shards. */
async function startSweep(workflowId: string, shards: number, concurrency: number) {
  const input: SweepInput = {
    task: {
      refs: { run: workflowId, config: ref('config'), plan: ref('plan') },
      iteration: 1,
      work: 'label',
      shards: [{ split: 'target', count: shards }],
      policy: ref('policy'),
    },
    steering: { paused: false, stopping: false, concurrency },
    totals: nothingDone,
  };
  const { workflow } = bench.environment.client;
  return workflow.start('sweep', {
    ...workflowPolicy,
    workflowId,
    taskQueue: taskQueues.control,
    args: [input],
  });
}

/** A run whose sweeps have 8 shards, held at the fourth shard of `held` until the gate opens or it is cancelled. */
function heldRun(held: 'predictShard' | 'labelShard') {
  const { activities, calls } = fakeActivities();
  const { planRun } = activities;
  activities.planRun = async (input) => ({
    ...(await planRun(input)),
    sweeps: [{ shards: 8, videos: 32 }],
  });
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const shards: number[] = [];
  const work = activities[held] as (input: { shard: number }) => Promise<unknown>;
  Object.assign(activities, {
    [held]: async (input: { shard: number; split: string }) => {
      if (input.split === 'target') shards.push(input.shard);
      if (input.shard === 3) await untilOpen(opened);
      return work(input);
    },
  } satisfies Record<string, unknown>);
  const input = adaptationInput(`held-${Math.random()}`, { iterations: 1 });
  input.config.sweep.concurrentShards = 1;
  return { activities, calls, shards, input, open: () => open() };
}

async function untilOpen(opened: Promise<void>): Promise<void> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 50);
  await Promise.race([opened, context.cancelled]).finally(() => clearInterval(beat));
}

const progressOf = async (handle: WorkflowHandle) => ProgressSchema.parse(await handle.query(progressQuery));

async function untilDone(handle: WorkflowHandle, stage: string, done: number): Promise<void> {
  await expect.poll(() => progressOf(handle), { timeout: 20_000 }).toMatchObject({ stage, done, total: 8 });
}

describe('a sweep', () => {
  it('continues as new before its history is long, and counts every shard once', async () => {
    const shards = 2100;
    const seen: number[] = [];
    const { activities } = fakeActivities({
      labelShard: async ({ shard }) => {
        seen.push(shard);
        const bad = shard % 3 === 0 ? 1 : 0;
        return {
          done: 4 - bad,
          quarantined: bad,
          counts: { kept: 1, corrected: 2 - bad, rejected: 1, triples: shard },
        };
      },
    });
    const result: SweepResult = await bench.serve(activities, async () =>
      (await startSweep('long', shards, 20)).result(),
    );
    expect([...new Set(seen)]).toHaveLength(shards);
    expect(seen).toHaveLength(shards);
    expect(result).toEqual({
      done: shards,
      quarantined: shards / 3,
      labels: {
        kept: shards,
        corrected: 2 * shards - shards / 3,
        rejected: shards,
        triples: (shards * (shards - 1)) / 2,
      },
      stopped: false,
    });
    const lengths = await bench.historyLengths('long');
    expect(lengths.length).toBeGreaterThan(1);
    expect(Math.max(...lengths)).toBeLessThan(mostEventsOfStage);
  }, 240_000);

  it('does so however many shards it has in flight', async () => {
    const shards = 1500;
    const { activities } = fakeActivities();
    const { done }: SweepResult = await bench.serve(activities, async () =>
      (await startSweep('wide', shards, 1000)).result(),
    );
    expect(done).toBe(shards);
    const lengths = await bench.historyLengths('wide');
    expect(lengths.length).toBeGreaterThan(1);
    expect(Math.max(...lengths)).toBeLessThan(mostEventsOfStage);
    const { events } = await bench.environment.client.workflow.getHandle('wide').fetchHistory();
    const { workflowTaskTimeout, continuedExecutionRunId } =
      events![0]!.workflowExecutionStartedEventAttributes!;
    expect(continuedExecutionRunId).not.toBe('');
    expect(Number(workflowTaskTimeout?.seconds) * 1000).toBe(workflowPolicy.workflowTaskTimeout);
  }, 240_000);

  it.each([
    ['predicting', 'predictShard'],
    ['labelling', 'labelShard'],
  ] as const)('is paused and goes on with its run, each shard of %s counting once', async (stage, held) => {
    const { activities, shards, input, open } = heldRun(held);
    await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await untilDone(handle, stage, 3);
      expect((await readRun(bench.environment.client, input.run)).activities).toMatchObject([{ name: held }]);
      await handle.executeUpdate(pauseUpdate);
      await expect
        .poll(async () => (await readRun(bench.environment.client, input.run)).activities, {
          timeout: 10_000,
        })
        .toEqual([]);
      expect(await progressOf(handle)).toMatchObject({ state: 'paused', stage, done: 3 });
      open();
      await handle.executeUpdate(resumeUpdate);
      const result = await handle.result();
      expect(result).toMatchObject({ quarantined: 0, stopped: false });
      expect(shards).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 7]);
    });
  });

  it('that is paused before it starts waits, too', async () => {
    const { activities, shards, input, open } = heldRun('predictShard');
    open();
    const handle = await bench.start(input);
    const paused = handle.executeUpdate(pauseUpdate);
    await bench.serve(activities, async () => {
      await paused;
      expect(shards).toEqual([]);
      await handle.executeUpdate(resumeUpdate);
      await handle.result();
      expect(shards).toHaveLength(8);
    });
  });

  it('ends with its run on stop, which keeps the best of what it has', async () => {
    const { activities, calls, shards, input } = heldRun('labelShard');
    const result = await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await untilDone(handle, 'labelling', 3);
      await handle.executeUpdate(stopUpdate);
      return handle.result();
    });
    expect(result).toMatchObject({ stopped: true, best: { iteration: 0 } });
    expect(shards).toEqual([0, 1, 2, 3]);
    expect(calls).not.toContain('fitRewardNetwork');
  });

  it.each(['cancelled', 'terminated'] as const)('ends when its run is %s', async (how) => {
    const { activities, input } = heldRun('predictShard');
    await bench.serve(activities, async () => {
      const handle = await bench.start(input);
      await untilDone(handle, 'predicting', 3);
      const child = (await handle.describe()).raw.pendingChildren?.[0]?.workflowId;
      if (how === 'cancelled') await handle.cancel();
      else await handle.terminate();
      await expect(handle.result()).rejects.toThrow();
      const sweep = bench.environment.client.workflow.getHandle(child!);
      await expect
        .poll(async () => (await sweep.describe()).status.name, { timeout: 10_000 })
        .toBe(how.toUpperCase());
    });
  });

  it('fails its run with the reason of a shard that failed for good', async () => {
    const { activities } = fakeActivities();
    const broken: Activities['labelShard'] = async () => {
      throw ApplicationFailure.nonRetryable('no GPU', 'BackendMissing');
    };
    activities.labelShard = broken;
    await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('broken-shard', { iterations: 1 }));
      await expect(handle.result()).rejects.toMatchObject({
        cause: { cause: { cause: { message: 'no GPU' } } },
      });
    });
  });
});
