/** The compute worker: one device, one activity at a time, its tensors in a process of their own. */
import { type NativeConnection, Worker } from '@temporalio/worker';
import { computeActivityNames } from '../contracts/activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import type { ComputeProcess } from './compute-process.ts';
import { forwardersTo } from './forward.ts';

/** A cancelled training may take this long to end its step and write its checkpoint. */
export const CANCEL_GRACE_MS = 20_000;
/** Longer than any step without a heartbeat, the preparation of many videos included. */
export const STALL_MS = 30 * 60_000;

export function createComputeWorker(
  connection: NativeConnection,
  namespace: string,
  compute: ComputeProcess,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueues.compute,
    activities: forwardersTo(compute, computeActivityNames),
    maxConcurrentActivityTaskExecutions: 1,
    // Cancellations arrive with heartbeats, so these must not be held back for long.
    maxHeartbeatThrottleInterval: '3s',
    defaultHeartbeatThrottleInterval: '3s',
    // Training lasts for days: on shutdown it is told at once, and its checkpoint makes the next worker go on from there.
    shutdownGraceTime: '1s',
    shutdownForceTime: CANCEL_GRACE_MS + 5000,
  });
}
