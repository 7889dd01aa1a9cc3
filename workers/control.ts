/** The control worker: workflows only. */
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  type Logger,
  type NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { taskQueues } from '../contracts/task-queues.ts';
import { workerLimits } from '../temporal.config.ts';

/** Bundles the workflow code for the sandbox; takes some seconds. */
export function bundleWorkflows(logger: Logger): Promise<WorkflowBundle> {
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger });
}

export function createControlWorker(
  connection: NativeConnection,
  namespace: string,
  workflowBundle: WorkflowBundle,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueues.control,
    workflowBundle,
    shutdownGraceTime: workerLimits.control.shutdownGraceMs,
  });
}
