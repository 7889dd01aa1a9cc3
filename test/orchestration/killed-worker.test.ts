/** Orders to a run whose worker was killed the moment before: they are followed, and none of them fails the run. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { taskQueues } from '../../contracts/task-queues.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { pauseUpdate, resumeUpdate, stopUpdate } from '../../workflows/steering.ts';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

let bench: Bench;
let doomed: ChildProcess | undefined;
beforeAll(async () => {
  bench = await openBench();
});
afterEach(() => {
  doomed?.kill('SIGKILL');
});
afterAll(() => bench?.close());

/** Starts a run, lets a worker process begin its fine-tuning and kills that with -9. */
async function runOfKilledWorker(name: string) {
  doomed = fork(new URL('./held-compute-worker.ts', import.meta.url), [bench.environment.address], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const handle = await bench.start(adaptationInput(name, { iterations: 1 }));
  expect(await once(doomed, 'message')).toContain('fine-tuning');
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  return handle;
}

/** A dead worker is noticed by the heartbeats that it owes. */
const NOTICED_MS = 40_000;

it('pauses, goes on with another worker and ends with its result', async () => {
  const { activities } = fakeActivities();
  const handle = await bench.serve(activities, async () => {
    const started = await runOfKilledWorker('paused');
    await started.executeUpdate(pauseUpdate);
    await expect
      .poll(async () => (await started.describe()).raw.pendingActivities?.length, { timeout: NOTICED_MS })
      .toBe(0);
    expect((await started.describe()).status.name).toBe('RUNNING');
    expect((await started.query(progressQuery)).state).toBe('paused');
    await started.executeUpdate(resumeUpdate);
    return started;
  }, [taskQueues.io]);
  const result = await bench.serve(activities, () => handle.result());
  expect(result.policies).toHaveLength(2);
}, 120_000);

it('stops with the best of what it has', async () => {
  const { activities } = fakeActivities();
  const handle = await bench.serve(activities, async () => {
    const started = await runOfKilledWorker('stopped');
    await started.executeUpdate(stopUpdate);
    return started;
  }, [taskQueues.io]);
  const result = await bench.serve(activities, () => handle.result());
  expect(result).toMatchObject({ stopped: true, best: { iteration: 0 } });
}, 120_000);

it('ends as cancelled', async () => {
  const { activities } = fakeActivities();
  await bench.serve(activities, async () => {
    const started = await runOfKilledWorker('cancelled');
    await started.cancel();
    await expect(started.result()).rejects.toThrow();
    expect((await started.describe()).status.name).toBe('CANCELLED');
  }, [taskQueues.io]);
}, 120_000);
