/** The histories that a run left: how long each is, and how long a control worker takes to replay it. */
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';

export interface ReplayedHistory {
  /** Workflow id without what is random in it. */
  readonly workflow: string;
  readonly events: number;
  readonly kilobytes: number;
  /** By the clock, which says little on a busy machine, and of the processor. */
  readonly replaySeconds: number;
  readonly replayCpuSeconds: number;
}

/** Every history of the run and of its sweeps, in the order in which they began. */
export async function replayHistories(client: Client, run: string): Promise<ReplayedHistory[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const workflowBundle = await bundleWorkflows(new DefaultLogger('ERROR'));
  const found = [];
  const query = `WorkflowId STARTS_WITH "${run}"`;
  for await (const execution of client.workflow.list({ query })) found.push(execution);
  found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  const replayed: ReplayedHistory[] = [];
  for (const { workflowId, runId, historySize } of found) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const started = performance.now();
    const cpuBefore = process.cpuUsage();
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
    replayed.push({
      workflow: workflowId.replace(/\/[0-9a-f]{8}$/, ''),
      events: history.events?.length ?? 0,
      kilobytes: Math.round((historySize ?? 0) / 1000),
      replaySeconds: (performance.now() - started) / 1000,
      replayCpuSeconds: cpuSecondsSince(cpuBefore),
    });
  }
  return replayed;
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
