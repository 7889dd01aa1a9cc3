/** A comparison is steered together with the adaptation that it runs, and shown beside it; with fake activities. */
import { ApplicationFailure } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRuns, readRun, runResult } from '../../app/runs/adaptation-client.ts';
import { steerRun } from '../../app/runs/run-orders.ts';
import type { RowPlan } from '../../contracts/comparison.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { comparison } from '../../workflows/comparison.ts';
import { gate } from './gate.ts';
import { type Bench, comparisonPlan, fakeActivities, openBench } from './harness.ts';
import { tinyConfig } from './tiny-run.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** A comparison of one row, held up in an activity. */
function heldIn(
  name: 'fineTunePolicy' | 'fitLinearShapes',
  { run, row, config }: { run: string; row: RowPlan; config: RunConfig },
) {
  const work = gate();
  const { activities } = fakeActivities({ planComparison: async () => comparisonPlan(row) });
  const done: (input: never) => Promise<unknown> = activities[name];
  let attempts = 0;
  const held = async (input: never): Promise<unknown> => {
    attempts++;
    await work.hold();
    return done(input);
  };
  Object.assign(activities, { [name]: held });
  const { client } = bench.environment;
  const submit = () => {
    const rows = [{ name: row.name, system: row.system, settings: {}, files: {} }];
    return client.workflow.start(comparison, {
      workflowId: run,
      taskQueue: taskQueues.control,
      args: [{ run, config: { run: config, rows, pictures: 0 } }],
    });
  };
  const start = async () => {
    const handle = await submit();
    await expect.poll(() => attempts, { timeout: 20_000 }).toBe(1);
    return handle;
  };
  return { activities, work, client, submit, start, attempts: () => attempts };
}

describe('a comparison that runs an adaptation', () => {
  /** Held up in the fine-tuning of its only row. */
  const held = (run: string) =>
    heldIn('fineTunePolicy', {
      run,
      row: {
        name: 'ours',
        system: 'rl4seg3d',
        trainings: [],
        adaptation: { run: `${run}-ours`, config: { ...tinyConfig(), iterations: 1 } },
      },
      config: tinyConfig(),
    });

  it('pauses and resumes it, and is shown beside it', async () => {
    const { activities, work, client, start, attempts } = held('paused');
    await bench.serve(activities, async () => {
      const handle = await start();
      const runs = await listRuns(client, 10);
      expect(runs.find(({ run }) => run === 'paused')).toMatchObject({ kind: 'comparison' });
      expect(runs.find(({ run }) => run === 'paused-ours')).toMatchObject({ kind: 'adaptation' });
      await steerRun(client, 'paused', 'pause');
      await expect.poll(() => work.cancelled(), { timeout: 10_000 }).toBe(1);
      expect(await readRun(client, 'paused')).toMatchObject({
        kind: 'comparison',
        comparison: { state: 'paused', row: 'ours', stage: 'adapting' },
      });
      expect((await readRun(client, 'paused-ours')).progress).toMatchObject({ state: 'paused' });
      await steerRun(client, 'paused', 'resume');
      await expect.poll(attempts, { timeout: 10_000 }).toBe(2);
      work.open();
      expect((await handle.result()).rows).toMatchObject([{ name: 'ours', model: { key: 'policy-1' } }]);
    });
  });

  it('stops it, and leaves out the row that is not done', async () => {
    const { activities, work, client, start } = held('stopped');
    await bench.serve(activities, async () => {
      const handle = await start();
      await steerRun(client, 'stopped', 'stop');
      await expect.poll(() => work.cancelled(), { timeout: 10_000 }).toBe(1);
      expect(await handle.result()).toMatchObject({ stopped: true, rows: [] });
      expect(await runResult(client, 'stopped-ours')).toMatchObject({ stopped: true });
    });
  });

  it('has no row of an adaptation that was stopped by itself, and says why', async () => {
    const { activities, work, client, start } = held('alone');
    await bench.serve(activities, async () => {
      const handle = await start();
      await steerRun(client, 'alone-ours', 'stop');
      await expect.poll(() => work.cancelled(), { timeout: 10_000 }).toBe(1);
      expect(await handle.result()).toMatchObject({
        stopped: false,
        rows: [
          { name: 'ours', unavailable: expect.stringContaining('alone-ours was stopped before its end') },
        ],
      });
    });
  });

  it('waits for a run of its name to end, such as that of a comparison which was terminated', async () => {
    const { activities, work, submit, start, attempts } = held('again');
    await bench.serve(activities, async () => {
      const first = await start();
      await first.terminate();
      const second = await submit();
      await expect.poll(attempts, { timeout: 30_000 }).toBe(2);
      work.open();
      expect((await second.result()).rows).toMatchObject([{ name: 'ours', model: { key: 'policy-1' } }]);
    });
  });
});

describe('a comparison that fits shapes', () => {
  /** Held up in that. */
  const held = (run: string) =>
    heldIn('fitLinearShapes', {
      run,
      row: {
        name: 'unet',
        system: 'nnunet',
        trainings: [{ name: 'unet.train', labels: false, isSource: false }],
      },
      config: RunConfigSchema.parse({ ...tinyConfig(), inference: { completion: { enabled: true } } }),
    });

  it('pauses in the middle of it, and fits them when it is resumed', async () => {
    const { activities, work, client, start, attempts } = held('shapes-paused');
    await bench.serve(activities, async () => {
      const handle = await start();
      await steerRun(client, 'shapes-paused', 'pause');
      await expect.poll(() => work.cancelled(), { timeout: 10_000 }).toBe(1);
      await steerRun(client, 'shapes-paused', 'resume');
      await expect.poll(attempts, { timeout: 10_000 }).toBe(2);
      work.open();
      expect((await handle.result()).rows).toMatchObject([{ name: 'unet' }]);
    });
  });

  it('stops in the middle of it, with a table without rows', async () => {
    const { activities, work, client, start } = held('shapes-stopped');
    await bench.serve(activities, async () => {
      const handle = await start();
      await steerRun(client, 'shapes-stopped', 'stop');
      await expect.poll(() => work.cancelled(), { timeout: 10_000 }).toBe(1);
      expect(await handle.result()).toMatchObject({ stopped: true, rows: [] });
    });
  });
});

it('a comparison that is cancelled ends as that, whatever becomes of the work that it had in flight', async () => {
  const training = gate();
  const { activities } = fakeActivities({
    planComparison: async () =>
      comparisonPlan({
        name: 'unet',
        system: 'nnunet',
        trainings: [{ name: 'unet.train', labels: false, isSource: false }],
      }),
    trainSystem: async () => {
      await training.hold().catch(() => undefined);
      throw ApplicationFailure.nonRetryable('its process was killed', 'ComputeCrashed');
    },
  });
  await bench.serve(activities, async () => {
    const rows = [{ name: 'unet', system: 'nnunet', settings: {}, files: {} }];
    const handle = await bench.environment.client.workflow.start(comparison, {
      workflowId: 'ended',
      taskQueue: taskQueues.control,
      args: [{ run: 'ended', config: { run: tinyConfig(), rows, pictures: 0 } }],
    });
    const pending = async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt;
    await expect.poll(pending, { timeout: 20_000 }).toBe(1);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });
});
