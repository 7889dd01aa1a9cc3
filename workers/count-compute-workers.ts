/** How many compute workers there are for a sweep: those that wait for work, and those that do work of this sweep. */
import { Context } from '@temporalio/activity';
import type { WorkflowService } from '@temporalio/client';
import type { FleetActivities } from '../contracts/stages.ts';
import { liveWorkers, workerOf } from '../runtime/live-workers.ts';

/** Asks Temporal; for the workflow that runs it. */
export function fleetActivities(service: WorkflowService, namespace: string): FleetActivities {
  return {
    async countComputeWorkers() {
      const { workflowExecution: execution } = Context.current().info;
      const [waiting, asking] = await Promise.all([
        liveWorkers(service, namespace),
        execution ? service.describeWorkflowExecution({ namespace, execution }) : undefined,
      ]);
      // One that is busy for minutes asks for nothing, and Temporal forgets that it waited.
      const busy = (asking?.pendingActivities ?? []).map(({ lastWorkerIdentity }) =>
        workerOf(lastWorkerIdentity ?? ''),
      );
      const compute = [...waiting, ...busy].filter((worker) => worker?.role === 'compute');
      return new Set(compute.map((worker) => worker?.where)).size;
    },
  };
}
