/** The control worker: workflows only. */
import { join } from 'node:path';
import {
  bundleWorkflowCode,
  type Logger,
  Worker,
  type WorkflowBundle,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { taskQueues } from '../contracts/task-queues.ts';
import { codeRoot, isBuilt, moduleFile } from '../runtime/installation.ts';
import { workerLimits } from '../temporal.config.ts';
import type { WorkerPlace } from './connect.ts';

/** The bundle that `npm run build` leaves beside the compiled rooms. */
export const builtBundle = join(codeRoot, 'workflow-bundle.js');

/** Bundles the workflow code for the sandbox; takes some seconds. */
export function bundleWorkflows(logger: Logger): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath: moduleFile('workflows/index'), logger });
}

/**
 * The workflow code for the sandbox: built once with the package, and made at every start from a clone, whose code
 * changes.
 */
export async function workflowCode(logger: Logger): Promise<WorkflowBundleOption> {
  return isBuilt ? { codePath: builtBundle } : bundleWorkflows(logger);
}

export function createControlWorker(
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
