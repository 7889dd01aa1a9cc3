/** One adaptation on embedded services, some of whose processes are killed with -9 while it works. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startAdaptation } from '../../app/runs/adaptation-client.ts';
import type { AdaptationResult } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { Embedded } from '../../runtime/services/embedded.ts';
import { type WorkUnit, workDone } from './work-done.ts';

/** The tensor process of the compute worker, or a process that the supervisor runs, under its name there. */
export type Victim = 'tensors' | 'worker-compute' | 'worker-io' | 'worker-control' | 'temporal' | 's3';

/** Kills the victim as soon as the run has finished a first unit of work of this activity. */
export interface PlannedKill {
  readonly victim: Victim;
  readonly after: string;
}

export interface Kill extends PlannedKill {
  readonly pid: number;
  /** Since the run began. */
  readonly seconds: number;
}

export interface FinishedRun {
  readonly result: AdaptationResult;
  readonly seconds: number;
  readonly units: readonly WorkUnit[];
  readonly kills: readonly Kill[];
}

const LOOK_EVERY_MS = 40;

interface WatchedRun {
  readonly embedded: Embedded;
  readonly client: Client;
  readonly run: string;
  /** Since the run began. */
  readonly seconds: () => number;
  readonly patienceMs: number;
  /** Grows as victims are killed. */
  readonly kills: Kill[];
}

/**
 * Starts the adaptation, kills as planned and waits for the run to end by itself.
 * @throws Error when it fails, takes longer than `patienceMs`, or ends before the last kill.
 */
export async function runAndKill(
  embedded: Embedded,
  run: string,
  config: RunConfig,
  plan: readonly PlannedKill[],
  patienceMs: number,
): Promise<FinishedRun> {
  const { deployment } = embedded;
  const connection = await Connection.connect({ address: deployment.temporal.address! });
  try {
    const client = new Client({ connection, namespace: deployment.temporal.namespace });
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    await startAdaptation(client, { run, config });
    const kills: Kill[] = [];
    const watched: WatchedRun = { embedded, client, run, seconds, patienceMs, kills };
    await killAsPlanned(watched, plan);
    while (await isRunning(watched)) await patiently(watched);
    const took = seconds();
    const result: AdaptationResult = await client.workflow.getHandle(run).result();
    return { result, seconds: took, units: await workDone(deployment.home, run), kills };
  } finally {
    await connection.close();
  }
}

/**
 * Kills one victim after the other as its time comes.
 * @throws Error when the run ends before the last of them, or takes longer than it may
 */
async function killAsPlanned(watched: WatchedRun, plan: readonly PlannedKill[]): Promise<void> {
  const waiting = [...plan];
  while (waiting.length > 0) {
    if (await killIfDue(watched, waiting[0]!)) waiting.shift();
    const status = await statusOf(watched.client, watched.run);
    if (waiting.length > 0 && status !== undefined && status !== 'RUNNING') {
      throw new Error(`The run was ${status} before ${waiting.map(({ victim }) => victim)} could be killed.`);
    }
    await patiently(watched);
  }
}

async function killIfDue({ embedded, run, seconds, kills }: WatchedRun, next: PlannedKill): Promise<boolean> {
  const pid = await victimWhenDue(embedded, run, next);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGKILL');
  kills.push({ ...next, pid, seconds: seconds() });
  return true;
}

/** The process to kill once its time has come; undefined before, and while one that another kill took along is gone. */
async function victimWhenDue(
  { deployment, supervisor }: Embedded,
  run: string,
  { victim, after }: PlannedKill,
): Promise<number | undefined> {
  const units = await workDone(deployment.home, run);
  if (!units.some(({ activity }) => activity === after)) return undefined;
  return victim === 'tensors' ? tensorProcess(supervisor) : supervisor.pidOf(victim);
}

/** Waits until the next look. @throws Error when the run has taken longer than it may */
async function patiently({ run, seconds, patienceMs, kills }: WatchedRun): Promise<void> {
  if (seconds() * 1000 > patienceMs) throw new Error(tooLate(run, patienceMs, kills));
  await sleep(LOOK_EVERY_MS);
}

/** True too while the server does not answer. */
async function isRunning({ client, run }: WatchedRun): Promise<boolean> {
  const status = await statusOf(client, run);
  return status === undefined || status === 'RUNNING';
}

/** Temporal's word for the state of the run; undefined while the server does not answer. */
async function statusOf(client: Client, run: string): Promise<string | undefined> {
  try {
    const { status } = await client.withDeadline(Date.now() + 2000, () =>
      client.workflow.getHandle(run).describe(),
    );
    // Continue-as-new closes one execution and opens the next under the same name.
    return status.name === 'CONTINUED_AS_NEW' ? 'RUNNING' : status.name;
  } catch {
    return undefined;
  }
}

/** The worker has other children too, such as the compiler of its sources. */
function tensorProcess(supervisor: Embedded['supervisor']): number | undefined {
  const worker = supervisor.pidOf('worker-compute');
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  for (const line of processes.split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/, 2).map(Number);
    if (pid && parent === worker && line.includes('compute-child')) return pid;
  }
  return undefined;
}

function tooLate(run: string, patienceMs: number, kills: readonly Kill[]): string {
  const killed = kills.map(({ victim }) => victim).join(', ') || 'nothing';
  return `The run ${run} did not end within ${patienceMs / 1000} s; killed so far: ${killed}.`;
}
