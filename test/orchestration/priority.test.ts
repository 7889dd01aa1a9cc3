/** Whose work goes first where more waits than the compute workers can take, on a real Temporal server. */
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAdaptation } from '../../app/runs/adaptation-client.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { nightly } from '../../workflows/nightly.ts';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Runs with so many shards to evaluate first, all of which wait for a compute worker at once. */
const SHARDS = 6;

it('runs that people started go before nights, and take turns', async () => {
  const { client, nativeConnection: connection } = bench.environment;
  const order: string[] = [];
  const { activities } = fakeActivities();
  const { planRun, predictShard } = activities;
  activities.planRun = async (input) => ({
    ...(await planRun(input)),
    plan: { key: input.run, sha256: 'ab'.repeat(32), bytes: 1 },
    validation: { shards: SHARDS, videos: 4 * SHARDS },
    test: { shards: 0, videos: 0 },
    initialPolicy: { key: 'policy', sha256: 'ab'.repeat(32), bytes: 1 },
  });
  activities.predictShard = async (input) => {
    if (input.iteration === 0) order.push(input.run.replace(/-.*/, ''));
    return predictShard(input);
  };
  const configOf = (run: string) => {
    const input = adaptationInput(run, { iterations: 1 });
    input.config.autoencoder.enabled = false;
    input.config.landmark.enabled = false;
    input.config.sweep.concurrentShards = SHARDS;
    return input;
  };
  const waiting = async (): Promise<number> => {
    let count = 0;
    for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'sweep'" })) {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      count += raw.pendingActivities?.length ?? 0;
    }
    return count;
  };
  await bench.serve(activities, async () => {
    const args = [{ model: 'night', config: configOf('unused').config }] as const;
    const night = await client.workflow.start(nightly, {
      workflowId: 'night',
      taskQueue: taskQueues.control,
      args: [...args],
    });
    await expect.poll(waiting, { timeout: 30_000 }).toBe(SHARDS);
    for (const run of ['anna', 'bert']) {
      await startAdaptation(client, configOf(run));
      await expect.poll(waiting, { timeout: 30_000 }).toBe((run === 'anna' ? 2 : 3) * SHARDS);
    }
    const compute = await Worker.create({
      connection,
      taskQueue: taskQueues.compute,
      activities,
      maxConcurrentActivityTaskExecutions: 1,
    });
    await compute.runUntil(async () => {
      const { workflow } = client;
      await Promise.all([workflow.getHandle('anna').result(), workflow.getHandle('bert').result()]);
      await night.result();
    });
  }, [taskQueues.io]);

  const [people, nights] = [order.slice(0, 2 * SHARDS), order.slice(2 * SHARDS)];
  expect(nights).toEqual(Array(SHARDS).fill('night'));
  // Without turns, all of the first run's would go before the second's.
  expect(people.slice(0, SHARDS).filter((run) => run === 'anna')).toHaveLength(SHARDS / 2);
}, 120_000);
