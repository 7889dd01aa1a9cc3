/**
 * The workers that ask Temporal for work, and what each says of itself. Temporal knows a worker by its identity, a
 * line of text; ours holds what others need to know before they work beside it.
 */
import { hostname } from 'node:os';
import type { WorkflowService } from '@temporalio/client';
import { taskQueues, type WorkerRole } from '../contracts/task-queues.ts';

export interface WorkerFacts {
  readonly role: WorkerRole;
  readonly version: string;
  /** Of the store that it works on, where it has one: see storage/store-name.ts. */
  readonly store?: string | undefined;
  /** Back end and threads, `native-cpu/8`, of a compute worker. */
  readonly tensors?: string | undefined;
}

export interface LiveWorker extends WorkerFacts {
  /** Process and machine. */
  readonly where: string;
  /** When it last asked for work, ms since 1970; one that is busy does not ask. */
  readonly askedMs: number;
}

const IDENTITY =
  /^echoloop (?<version>\S+) (?<role>\S+) store=(?<store>\S*) tensors=(?<tensors>\S*) (?<where>\S+)$/;
/** 1 workflow tasks, 2 activities, in Temporal's numbers. */
const kindOfTasks = { control: 1, io: 2, compute: 2 } as const satisfies Record<WorkerRole, number>;
const roles = Object.keys(taskQueues) as WorkerRole[];

/** The identity of this process as a worker. */
export function identityOf({ role, version, store = '', tensors = '' }: WorkerFacts): string {
  return `echoloop ${version} ${role} store=${store} tensors=${tensors} ${process.pid}@${hostname()}`;
}

/** What an identity says; undefined for a worker that is none of ours, or of a version that did not say it. */
export function workerOf(identity: string): Omit<LiveWorker, 'askedMs'> | undefined {
  const { role, version, store, tensors, where } = IDENTITY.exec(identity)?.groups ?? {};
  const known = roles.find((name) => name === role);
  if (!known || version === undefined || where === undefined) return undefined;
  return { role: known, version, where, store: store || undefined, tensors: tensors || undefined };
}

/** Those that asked for work within the last five minutes, which is for how long Temporal remembers it. */
export async function liveWorkers(service: WorkflowService, namespace: string): Promise<LiveWorker[]> {
  const asked = await Promise.all(
    roles.map((role) =>
      service.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueues[role] },
        taskQueueType: kindOfTasks[role],
      }),
    ),
  );
  const latest = new Map<string, number>();
  for (const { identity, lastAccessTime } of asked.flatMap(({ pollers }) => pollers ?? [])) {
    const askedMs = Number(lastAccessTime?.seconds ?? 0) * 1000;
    if (identity) latest.set(identity, Math.max(askedMs, latest.get(identity) ?? 0));
  }
  return [...latest].flatMap(([identity, askedMs]) => {
    const worker = workerOf(identity);
    return worker ? [{ ...worker, askedMs }] : [];
  });
}
