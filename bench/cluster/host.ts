/**
 * A host as a folder: its workers run the product's command and share with other hosts nothing but the addresses of
 * Temporal and the store. Workers that die are started again, as on a host that somebody keeps.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import type { Environment } from '../../runtime/deployment.ts';
import { codeVersion, commandScript } from '../../runtime/installation.ts';
import { type Supervisor, supervise } from '../../runtime/supervisor.ts';
import { serviceLimits } from '../../temporal.config.ts';
import { installAs } from './installation.ts';
import { SmallDisk } from './small-disk.ts';

export interface HostOptions {
  readonly name: string;
  /** Of this host alone: home, cache, logs and temporary files. */
  readonly folder: string;
  /** Where what is installed on it is of another version than this software: that version. */
  readonly version?: string | undefined;
  /** Gives it a disk of this size, where the system lets this process mount one. */
  readonly diskBytes?: number | undefined;
  /** Where the services are, and this process's keys for them. */
  readonly services: Environment;
  readonly roles: readonly WorkerRole[];
  readonly log: (line: string) => void;
}

export class Host {
  readonly #options: HostOptions;
  readonly #disk: SmallDisk | undefined;
  #supervisor: Supervisor | undefined;
  #script: string | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { folder, diskBytes } = options;
    this.#disk = diskBytes === undefined ? undefined : SmallDisk.mount(folder, diskBytes);
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

  get version(): string {
    return this.#options.version ?? codeVersion();
  }

  /** That of its folder, where it is a small one. */
  get disk(): SmallDisk | undefined {
    return this.#disk;
  }

  get isHere(): boolean {
    return this.#supervisor !== undefined;
  }

  /** Starts the workers of a host that is not here. */
  async come(): Promise<void> {
    const { name, folder, services, roles, log } = this.#options;
    const temporary = join(folder, 'tmp');
    await mkdir(temporary, { recursive: true });
    this.#script ??= await this.#install();
    const script = this.#script;
    this.#supervisor = await supervise({ home: folder, log: (line) => log(`${name}: ${line}`) });
    for (const role of roles) {
      await this.#supervisor.add({
        name: `worker-${role}`,
        command: process.execPath,
        args: [script, 'worker', '--role', role],
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

  /** Ends what its folder lies on; it does not come again. */
  async close(): Promise<void> {
    await this.leave();
    this.#disk?.unmount();
  }

  /** What its worker of the role has said so far. */
  log(role: WorkerRole): Promise<string> {
    return readFile(join(this.folder, 'logs', `worker-${role}.log`), 'utf8').catch(() => '');
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

  /** The script of its `echoloop` command. */
  async #install(): Promise<string> {
    const { version, folder } = this.#options;
    return version === undefined ? commandScript : installAs(version, join(folder, 'installation'));
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
