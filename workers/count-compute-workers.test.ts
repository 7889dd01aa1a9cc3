import type { WorkflowService } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { taskQueues, type WorkerRole } from '../contracts/task-queues.ts';
import { identityOf } from '../runtime/live-workers.ts';
import { fleetActivities } from './count-compute-workers.ts';

const identity = (role: WorkerRole, host: string): string =>
  identityOf({ role, version: '0.1.0' }).replace(/\d+@.*$/, `1@${host}`);

it('compute workers are those that wait for work and those that do work of the sweep, each once', async () => {
  const waiting: Record<string, string[]> = {
    [taskQueues.control]: [identity('control', 'a')],
    [taskQueues.io]: [identity('io', 'a')],
    [taskQueues.compute]: [identity('compute', 'a'), identity('compute', 'b'), '4711@of-somebody-else'],
  };
  const busy = [identity('compute', 'b'), identity('compute', 'c'), identity('io', 'a'), undefined];
  const service = {
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => ({
      pollers: waiting[taskQueue.name]?.map((name) => ({ identity: name, lastAccessTime: { seconds: 1 } })),
    }),
    describeWorkflowExecution: async () => ({
      pendingActivities: busy.map((lastWorkerIdentity) => ({ lastWorkerIdentity })),
    }),
  } as unknown as WorkflowService;
  const { countComputeWorkers } = fleetActivities(service, 'default');
  expect(await new MockActivityEnvironment().run(countComputeWorkers)).toBe(3);
});
