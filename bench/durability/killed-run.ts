/** One adaptation on embedded services, some of whose processes are killed with -9 while it works. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { AdaptationResult } from '../../contracts/messages.ts';
import { workflowTypes } from '../../contracts/names.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
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

/**
 * Starts the adaptation, kills as planned and waits for the run to end by itself.
 * @throws Error when it fails, takes longer than `patienceMs`, or ends before the last kill.
 */
export async function runAndKill(
  { deployment, supervisor }: Embedded,
  run: string,
  config: RunConfig,
  plan: readonly PlannedKill[],
  patienceMs: number,
): Promise<FinishedRun> {
  const connection = await Connection.connect({ address: deployment.temporal.address! });
  try {
    const client = new Client({ connection, namespace: deployment.temporal.namespace });
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    await client.workflow.start(workflowTypes.adaptation, {
      taskQueue: taskQueues.control,
      workflowId: run,
      args: [{ run, config }],
    });
    const waiting = [...plan];
    const kills: Kill[] = [];
    while (waiting.length > 0) {
      const units = await workDone(deployment.home, run);
      const [next] = waiting;
      if (units.some(({ activity }) => activity === next!.after)) {
        const pid = next!.victim === 'tensors' ? tensorProcess(supervisor) : supervisor.pidOf(next!.victim);
        // One that another kill has taken along is waited for.
        if (pid !== undefined) {
          process.kill(pid, 'SIGKILL');
          kills.push({ ...next!, pid, seconds: seconds() });
          waiting.shift();
        }
      }
      const status = await statusOf(client, run);
      if (status !== undefined && status !== 'RUNNING' && waiting.length > 0) {
        throw new Error(
          `The run was ${status} before ${waiting.map(({ victim }) => victim)} could be killed.`,
        );
      }
      if (seconds() * 1000 > patienceMs) throw new Error(tooLate(run, patienceMs, kills));
      await sleep(LOOK_EVERY_MS);
    }
    let status = await statusOf(client, run);
    while (status === undefined || status === 'RUNNING') {
      if (seconds() * 1000 > patienceMs) throw new Error(tooLate(run, patienceMs, kills));
      await sleep(LOOK_EVERY_MS);
      status = await statusOf(client, run);
    }
    const took = seconds();
    const result: AdaptationResult = await client.workflow.getHandle(run).result();
    return { result, seconds: took, units: await workDone(deployment.home, run), kills };
  } finally {
    await connection.close();
  }
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
