/** The compute worker: one device, one activity at a time, its tensors in a process of their own. */
import { Worker } from '@temporalio/worker';
import { computeInputs } from '../contracts/activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { moduleFile } from '../runtime/installation.ts';
import { workerLimits } from '../temporal.config.ts';
import { ComputeProcess } from './compute-process.ts';
import type { RoleParts, WorkerPlace } from './connect.ts';
import { forwardersTo } from './forward.ts';
import { openServices } from './services.ts';

export function openCompute(deployment: Deployment): RoleParts {
  const compute = new ComputeProcess({
    module: moduleFile('workers/compute-child'),
    deployment,
    graceMs: workerLimits.compute.cancelGraceMs,
    stallMs: workerLimits.compute.stallMs,
    killMs: workerLimits.compute.killMs,
  });
  const { store } = openServices(deployment, 'compute');
  return { store, compute, create: (place) => createComputeWorker(place, compute) };
}

function createComputeWorker(
  { connection, namespace, identity, watch }: WorkerPlace,
  compute: ComputeProcess,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    identity,
    taskQueue: taskQueues.compute,
    activities: forwardersTo(compute, Object.keys(computeInputs), watch),
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: workerLimits.heartbeatEveryMs,
    defaultHeartbeatThrottleInterval: workerLimits.heartbeatEveryMs,
    shutdownGraceTime: workerLimits.compute.shutdownGraceMs,
    shutdownForceTime: workerLimits.compute.shutdownForceMs,
  });
}
