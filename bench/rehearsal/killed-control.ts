/** Kills the control worker of a run in the middle of a stage, and sees how long it is until the run goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { readRun } from '../../app/runs/adaptation-client.ts';
import type { Supervisor } from '../../runtime/supervisor.ts';
import { cpuSecondsOf } from './processes.ts';

const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;
const LOOK_EVERY_MS = 100;
/** What the dead worker had sent arrives within this time. */
const LAST_WORDS_MS = 100;

export interface KilledControl {
  /** Shards of the stage that were done. */
  readonly shards: number;
  /** Of the sweep's history at that moment. */
  readonly events: number;
  /** Until another control worker had decided what comes next. */
  readonly secondsToGoOn: number;
  /** Processor time of the new worker by then. */
  readonly cpuSecondsToGoOn: number;
}

/** Kills it once this share of the labelling is done. Undefined when the run was past that before. */
export async function killControl(
  client: Client,
  supervisor: Supervisor,
  run: string,
  share: number,
): Promise<KilledControl | undefined> {
  for (;;) {
    const { status, progress } = await readRun(client, run);
    if (status !== 'RUNNING') return undefined;
    const { stage, done = 0, total = 1 } = progress ?? {};
    if (stage === 'labelling' && done >= share * total) break;
    if (stage === 'fine-tuning' || stage === 'done') return undefined;
    await sleep(LOOK_EVERY_MS);
  }
  const sweep = (await client.workflow.getHandle(run).describe()).raw.pendingChildren?.[0]?.workflowId;
  if (!sweep) return undefined;
  const { progress } = await readRun(client, run);
  const { historyLength } = await client.workflow.getHandle(sweep).describe();
  process.kill(supervisor.pidOf('worker-control')!, 'SIGKILL');
  const killedAt = Date.now();
  while (!(await decidedSince(client, sweep, killedAt + LAST_WORDS_MS))) await sleep(LOOK_EVERY_MS);
  return {
    shards: progress?.done ?? 0,
    events: historyLength,
    secondsToGoOn: (Date.now() - killedAt) / 1000,
    cpuSecondsToGoOn: cpuSecondsOf(supervisor.pidOf('worker-control') ?? 0) ?? 0,
  };
}

async function decidedSince(client: Client, workflowId: string, sinceMs: number): Promise<boolean> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: 100,
  });
  return (history?.events ?? []).some(
    ({ eventType, eventTime }) =>
      eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED &&
      Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6 > sinceMs,
  );
}
