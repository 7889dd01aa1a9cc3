/** The compute worker: one device, one activity at a time, its tensors in a process of their own. */
import { Worker } from '@temporalio/worker';
import { computeInputs } from '../contracts/activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { workerLimits } from '../temporal.config.ts';
import type { ComputeProcess } from './compute-process.ts';
import type { WorkerPlace } from './connect.ts';
import { forwardersTo } from './forward.ts';

export function createComputeWorker(
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
