/**
 * Kills the control worker of a run in the middle of a stage, and sees how long it is until the run goes on: from the
 * kill to the moment at which Temporal has the next activity that another control worker asked for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { readRun } from '../../app/runs/adaptation-client.ts';
import type { Supervisor } from '../../runtime/supervisor.ts';
import { cpuSecondsOf } from './processes.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const LOOK_EVERY_MS = 100;
/** More than a sweep has between two looks. */
const EVENTS_LOOKED_AT = 1000;

/** When to kill: as soon as either is so. */
export interface KillMoment {
  /** This share of the labelling is done. */
  readonly share: number;
  /** The sweep's history has so many events. */
  readonly events?: number;
}

export interface KilledControl {
  /** Shards of the stage that were done. */
  readonly shards: number;
  /** Of the sweep's history at that moment. */
  readonly events: number;
  /** Until Temporal had the next activity, or the end of the stage, from another control worker. */
  readonly secondsToGoOn: number;
  /** Processor time of the new worker soon after. */
  readonly cpuSecondsToGoOn: number;
}

/** Kills it when the moment has come. Undefined when the run was past that before. */
export async function killControl(
  client: Client,
  supervisor: Supervisor,
  run: string,
  moment: KillMoment,
): Promise<KilledControl | undefined> {
  const reached = await momentReached(client, run, moment);
  const pid = supervisor.pidOf('worker-control');
  if (!reached || pid === undefined) return undefined;
  const killedMs = Date.now();
  process.kill(pid, 'SIGKILL');
  const { sweep, shards, events } = reached;
  for (;;) {
    const wentOnMs = wentOnAt(await newestEvents(client, sweep), { pid, killedMs });
    if (wentOnMs !== undefined) {
      return {
        shards,
        events,
        secondsToGoOn: (wentOnMs - killedMs) / 1000,
        cpuSecondsToGoOn: cpuSecondsOf(supervisor.pidOf('worker-control') ?? 0) ?? 0,
      };
    }
    await sleep(LOOK_EVERY_MS);
  }
}

interface Reached {
  /** Workflow id. */
  readonly sweep: string;
  readonly shards: number;
  readonly events: number;
}

/** Undefined once the labelling is over. */
async function momentReached(
  client: Client,
  run: string,
  { share, events = Number.POSITIVE_INFINITY }: KillMoment,
): Promise<Reached | undefined> {
  for (;;) {
    const { status, progress } = await readRun(client, run);
    const { stage, done = 0, total = 1 } = progress ?? {};
    if (status !== 'RUNNING' || stage === 'fine-tuning' || stage === 'done') return undefined;
    if (stage === 'labelling') {
      const sweep = (await client.workflow.getHandle(run).describe()).raw.pendingChildren?.[0]?.workflowId;
      const long = sweep ? (await client.workflow.getHandle(sweep).describe()).historyLength : 0;
      if (sweep && (done >= share * total || long >= events)) return { sweep, shards: done, events: long };
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function newestEvents(client: Client, workflowId: string): Promise<readonly HistoryEvent[]> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: EVENTS_LOOKED_AT,
  });
  return history?.events ?? [];
}

/**
 * When a stage first went on after its control worker was killed, ms since 1970: an activity scheduled, or its end, by
 * a decision of another process. What the dead one had sent before is no going on.
 */
export function wentOnAt(
  events: readonly HistoryEvent[],
  { pid, killedMs }: { readonly pid: number; readonly killedMs: number },
): number | undefined {
  const byOthers = new Set(
    events
      .filter(
        ({ workflowTaskCompletedEventAttributes: decided, eventTime }) =>
          decided && msOf(eventTime) > killedMs && !decided.identity?.includes(` ${pid}@`),
      )
      .map(({ eventId }) => String(eventId)),
  );
  const times = events
    .filter((event) => byOthers.has(String(decisionOf(event))))
    .map(({ eventTime }) => msOf(eventTime));
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The decision that scheduled an activity or ended the workflow. */
function decisionOf(event: HistoryEvent) {
  const made =
    event.activityTaskScheduledEventAttributes ??
    event.workflowExecutionCompletedEventAttributes ??
    event.workflowExecutionContinuedAsNewEventAttributes ??
    event.workflowExecutionFailedEventAttributes;
  return made?.workflowTaskCompletedEventId;
}

function msOf(time: HistoryEvent['eventTime']): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
