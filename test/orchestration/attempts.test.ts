/** What Temporal keeps of an activity from one attempt to the next, on a real server. */
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActivityContext } from '../../activities/context.ts';
import { DomainError } from '../../ground/errors.ts';
import { HostWatch } from '../../workers/host-watch.ts';
import { inProcess } from '../../workers/io.ts';
import { openServer } from './harness.ts';
import { tinyWorld } from './tiny-run.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await openServer();
});
afterAll(() => environment?.teardown());

it('goes on elsewhere when the host it is on loses its keys, which takes itself out', async () => {
  const refused = new DomainError('AccessDenied', 'The object store refused writing k. Check its keys.');
  const workers: string[] = [];
  const workerOn = async (name: string, connection: NativeConnection, keysAreGood: boolean) => {
    const pretrainPolicy = async () => {
      workers.push(name);
      if (!keysAreGood) throw refused;
      return name;
    };
    const watch = new HostWatch(async () => {
      if (!keysAreGood) throw refused;
    });
    const worker = await Worker.create({
      connection,
      taskQueue: 'hosts',
      activities: inProcess({ pretrainPolicy }, tinyWorld().services, watch),
    });
    watch.onFault(() => worker.shutdown());
    return { worker, watch };
  };
  const control = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: 'hosts-control',
    workflowsPath: new URL('./one-activity-workflow.ts', import.meta.url).pathname,
  });
  const result = await control.runUntil(async () => {
    const handle = await environment.client.workflow.start('oneActivity', {
      workflowId: 'hosts',
      taskQueue: 'hosts-control',
      args: [{}, 'hosts'],
    });
    const bad = await workerOn('bad', environment.nativeConnection, false);
    await bad.worker.run();
    expect(bad.watch.fault).toBe(refused);
    expect((await handle.describe()).raw.pendingActivities?.[0]?.lastFailure).toMatchObject({
      applicationFailureInfo: { type: 'HostUnfit', nonRetryable: false },
    });
    const connection = await NativeConnection.connect({ address: environment.address });
    const good = await workerOn('good', connection, true);
    try {
      return await good.worker.runUntil(() => handle.result());
    } finally {
      await connection.close();
    }
  });
  expect(result).toBe('good');
  expect(workers).toEqual(['bad', 'good']);
});

it('knows at the next attempt how far the one before got and how long it has led nowhere', async () => {
  const pretrainPolicy = async (_: never, { heartbeat }: ActivityContext) => {
    const { attempt, heartbeatDetails } = Context.current().info;
    if (attempt === 3) return heartbeatDetails;
    if (attempt === 1) heartbeat({ step: 5, total: 9 });
    throw new DomainError('StorageUnavailable', 'the store is away');
  };
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: 'attempts',
    workflowsPath: new URL('./one-activity-workflow.ts', import.meta.url).pathname,
    activities: inProcess({ pretrainPolicy }, tinyWorld().services),
  });
  const details = await worker.runUntil(
    environment.client.workflow.execute('oneActivity', {
      workflowId: 'attempts',
      taskQueue: 'attempts',
      args: [{}],
    }),
  );
  expect(details).toMatchObject({ step: 5, total: 9, furthest: { step: 5, prepared: 0 } });
  // The pause after the first failure is a second.
  expect(details.idleMs).toBeGreaterThan(500);
  expect(details.idleMs).toBeLessThan(20_000);
});
