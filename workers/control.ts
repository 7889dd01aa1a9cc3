/** The control worker: workflows only. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { taskQueues } from '../contracts/task-queues.ts';

/** Bundles the workflow code for the sandbox; takes some seconds. */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) });
}

export async function createControlWorker(
  connection: NativeConnection,
  namespace: string,
  workflowBundle?: WorkflowBundle,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueues.control,
    workflowBundle: workflowBundle ?? (await bundleWorkflows()),
    shutdownGraceTime: '10s',
  });
}
