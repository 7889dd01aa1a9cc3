/** What can happen to a cluster, each for a while. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { readRun } from '../../app/runs/adaptation-client.ts';
import { steerRun } from '../../app/runs/run-orders.ts';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import type { RandomStream } from '../../ground/random.ts';
import type { Fault as StoreFault } from '../../test/storage/faulty-proxy.ts';
import type { Cluster } from './cluster.ts';
import { type Host, signalGroup } from './host.ts';

export interface Fault {
  readonly kind: string;
  /** From its beginning to its end. */
  readonly lastsMs: number;
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

/** A kind of fault; what of it happens is drawn. */
export type FaultKind = (random: RandomStream) => Fault;

const SECOND_MS = 1000;
/** Longer than a heartbeat may be missed for. */
const LONG_FREEZE_MS = 26 * SECOND_MS;
const nothing = (): void => undefined;
/** Two answers are not spoilt alike, as they would be by an object that is damaged. */
const anywhere = (bytes: Buffer): number => randomInt(bytes.length);

/** Of processes on hosts: killed, frozen, away, and the tensor process alone killed. */
export function hostFaults({ hosts }: Pick<Cluster, 'hosts'>): FaultKind[] {
  const drawWorker = (random: RandomStream): { host: Host; role: WorkerRole } => {
    const host = hosts[random.integer(hosts.length)]!;
    return { host, role: host.roles[random.integer(host.roles.length)]! };
  };
  const killed: FaultKind = (random) => {
    const { host, role } = drawWorker(random);
    return {
      kind: `${host.name}: ${role} worker killed`,
      lastsMs: 0,
      begin: () => host.signal(role, 'SIGKILL'),
      end: nothing,
    };
  };
  const tensorsKilled: FaultKind = (random) => {
    const computing = hosts.filter(({ roles }) => roles.includes('compute'));
    const host = computing[random.integer(computing.length)]!;
    return {
      kind: `${host.name}: tensor process killed`,
      lastsMs: 0,
      begin: () => killTensors(host),
      end: nothing,
    };
  };
  const frozen: FaultKind = (random) => {
    const { host, role } = drawWorker(random);
    const lastsMs = random.integer(2) === 0 ? 6 * SECOND_MS : LONG_FREEZE_MS;
    let pid: number | undefined;
    return {
      kind: `${host.name}: ${role} worker frozen for ${lastsMs / SECOND_MS} s`,
      lastsMs,
      begin: () => {
        pid = host.pidOf(role);
        if (pid !== undefined) signalGroup(pid, 'SIGSTOP');
      },
      end: () => {
        if (pid !== undefined) signalGroup(pid, 'SIGCONT');
      },
    };
  };
  const away: FaultKind = (random) => {
    const host = hosts[random.integer(hosts.length)]!;
    return {
      kind: `${host.name}: gone for 8 s`,
      lastsMs: 8 * SECOND_MS,
      begin: () => host.leave(),
      end: () => host.come(),
    };
  };
  return [killed, tensorsKilled, frozen, away];
}

/**
 * Of the disks of hosts, where they are small ones: workers go on without a cache, and one that is started on a full
 * disk waits for room.
 */
export function fullDisks({ hosts }: Pick<Cluster, 'hosts'>): FaultKind[] {
  const withDisk = hosts.filter(({ disk }) => disk);
  if (withDisk.length === 0) return [];
  const full: FaultKind = (random) => {
    const host = withDisk[random.integer(withDisk.length)]!;
    const role = host.roles[random.integer(host.roles.length)]!;
    return {
      kind: `${host.name}: disk full for 12 s, ${role} worker killed meanwhile`,
      lastsMs: 12 * SECOND_MS,
      begin: async () => {
        await host.disk?.fill();
        host.signal(role, 'SIGKILL');
      },
      end: () => host.disk?.empty(),
    };
  };
  return [full];
}

/** A person who pauses the run and lets it go on again. */
export function pausing(client: Client, run: string): FaultKind {
  return () => ({
    kind: 'paused and resumed',
    lastsMs: 5 * SECOND_MS,
    begin: () => unlessOver(client, run, () => steerRun(client, run, 'pause')),
    end: () =>
      unlessOver(client, run, async () => {
        while ((await readRun(client, run)).progress?.state === 'running') await sleep(SECOND_MS);
        await steerRun(client, run, 'resume');
      }),
  });
}

/** An order that comes too late is no failure; any other that is not taken is. */
async function unlessOver(client: Client, run: string, order: () => Promise<void>): Promise<void> {
  try {
    await order();
  } catch (error) {
    const { status } = await readRun(client, run);
    if (status === 'RUNNING') throw error;
  }
}

/** Of the two services, and of the way to the store. */
export function serviceFaults({ services, proxy, storeDisk }: Cluster): FaultKind[] {
  const { supervisor } = services;
  const ofProcess = (name: 'temporal' | 's3', signal: 'SIGKILL' | 'SIGSTOP'): FaultKind => {
    let pid: number | undefined;
    const send = (what: NodeJS.Signals): void => {
      if (pid !== undefined) signalGroup(pid, what);
    };
    return () => ({
      kind: signal === 'SIGKILL' ? `${name} killed` : `${name} frozen for 8 s`,
      lastsMs: signal === 'SIGKILL' ? 0 : 8 * SECOND_MS,
      begin: () => {
        pid = supervisor.pidOf(name);
        send(signal);
      },
      end: () => {
        if (signal === 'SIGSTOP') send('SIGCONT');
      },
    });
  };
  /** Every request, or as many of them as `share` says. */
  const ofStore =
    (what: string, fault: StoreFault, lastsMs: number, share = 1): FaultKind =>
    (random) => ({
      kind: `store: ${what} for ${lastsMs / SECOND_MS} s`,
      lastsMs,
      begin: () => {
        proxy.fault = () => (random.uniform() < share ? fault : undefined);
      },
      end: () => {
        proxy.fault = nothing as () => undefined;
      },
    });
  const kinds = [
    ofProcess('temporal', 'SIGKILL'),
    ofProcess('temporal', 'SIGSTOP'),
    ofProcess('s3', 'SIGKILL'),
    ofStore('down', { kind: 'status', status: 503 }, 15 * SECOND_MS),
    ofStore('slow', { kind: 'slow', delayMs: 1500 }, 12 * SECOND_MS),
    ofStore('answers with 500', { kind: 'status', status: 500 }, 12 * SECOND_MS, 0.5),
    ofStore('truncates', { kind: 'truncate' }, 12 * SECOND_MS, 0.5),
    ofStore('flips a bit', { kind: 'flip', where: anywhere }, 12 * SECOND_MS, 0.3),
    ofStore('silent', { kind: 'silent' }, 10 * SECOND_MS),
    ofStore('stalls half way', { kind: 'stall' }, 10 * SECOND_MS, 0.5),
    ofStore('loses answers', { kind: 'lose-answer' }, 12 * SECOND_MS, 0.3),
  ];
  if (!storeDisk) return kinds;
  const full: FaultKind = () => ({
    kind: 'store: disk full for 12 s',
    lastsMs: 12 * SECOND_MS,
    begin: () => storeDisk.fill(),
    end: () => storeDisk.empty(),
  });
  return [...kinds, full];
}

/** The worker has other children too, such as the compiler of its sources. */
function killTensors(host: Host): void {
  const worker = host.pidOf('compute');
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  for (const line of processes.split('\n')) {
    const [pid, parent] = line.trim().split(/\s+/, 2).map(Number);
    if (pid && parent === worker && line.includes('compute-child')) process.kill(pid, 'SIGKILL');
  }
}
