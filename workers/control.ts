/** The control worker: workflows only. */
import { type Logger, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { taskQueues } from '../contracts/task-queues.ts';
import { workerLimits } from '../temporal.config.ts';
import type { RoleParts, WorkerPlace } from './connect.ts';
import { workflowCode } from './workflow-bundle.ts';

export function openControl(home: string, logger: Logger): RoleParts {
  // Made or read while the worker connects and proves its host.
  const code = workflowCode(home, logger);
  code.catch(() => undefined);
  return { create: async (place) => createControlWorker(place, await code) };
}

function createControlWorker(
  { connection, namespace, identity }: WorkerPlace,
  workflowBundle: WorkflowBundleOption,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    identity,
    taskQueue: taskQueues.control,
    workflowBundle,
    shutdownGraceTime: workerLimits.control.shutdownGraceMs,
    stickyQueueScheduleToStartTimeout: workerLimits.control.ownTasksMs,
  });
}
