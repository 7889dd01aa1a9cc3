/** What Temporal keeps of an activity from one attempt to the next, on a real server. */
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActivityContext } from '../../activities/context.ts';
import { DomainError } from '../../ground/errors.ts';
import { inProcess } from '../../workers/io.ts';
import { openServer } from './harness.ts';
import { tinyWorld } from './tiny-run.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await openServer();
});
afterAll(() => environment?.teardown());

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
