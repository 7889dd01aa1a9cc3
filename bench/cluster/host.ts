/**
 * A host as a folder: its workers run the product's command and share with other hosts nothing but the addresses of
 * Temporal and the store. Workers that die are started again, as on a host that somebody keeps.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import type { Environment } from '../../runtime/deployment.ts';
import { commandScript } from '../../runtime/installation.ts';
import { type Supervisor, supervise } from '../../runtime/supervisor.ts';
import { serviceLimits } from '../../temporal.config.ts';

export interface HostOptions {
  readonly name: string;
  /** Of this host alone: home, cache, logs and temporary files. */
  readonly folder: string;
  /** Where the services are, and this process's keys for them. */
  readonly services: Environment;
  readonly roles: readonly WorkerRole[];
  readonly log: (line: string) => void;
}

export class Host {
  readonly #options: HostOptions;
  #supervisor: Supervisor | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get roles(): readonly WorkerRole[] {
    return this.#options.roles;
  }

  get isHere(): boolean {
    return this.#supervisor !== undefined;
  }

  /** Starts the workers of a host that is not here. */
  async come(): Promise<void> {
    const { name, folder, services, roles, log } = this.#options;
    const temporary = join(folder, 'tmp');
    await mkdir(temporary, { recursive: true });
    this.#supervisor = await supervise({ home: folder, log: (line) => log(`${name}: ${line}`) });
    for (const role of roles) {
      await this.#supervisor.add({
        name: `worker-${role}`,
        command: process.execPath,
        args: [commandScript, 'worker', '--role', role],
        environment: {
          ...services,
          ECHOLOOP_HOME: folder,
          TMPDIR: temporary,
          // Units of work are counted in the logs.
          ECHOLOOP_LOG_LEVEL: 'info',
          ECHOLOOP_COMPUTE_THREADS: '1',
        },
        stopGraceMs: serviceLimits.workerStopGraceMs,
      });
    }
  }

  /** Drains the workers, as SIGTERM does, and ends them. */
  async leave(): Promise<void> {
    const supervisor = this.#supervisor;
    this.#supervisor = undefined;
    await supervisor?.stop();
  }

  /** Process of a worker, which leads a group with its tensor process; undefined while it is not there. */
  pidOf(role: WorkerRole): number | undefined {
    return this.#supervisor?.pidOf(`worker-${role}`);
  }

  /** Sends a signal to a worker with all that it has started. */
  signal(role: WorkerRole, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.pidOf(role);
    if (pid !== undefined) signalGroup(pid, signal);
  }
}

/** To a process and all of its group; one that is gone gets nothing. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
