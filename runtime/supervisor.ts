/**
 * Runs named processes until told to stop: starts them in order, starts any that dies again on its own address after
 * a pause that grows, writes down which they are, and ends them in reverse order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../ground/errors.ts';
import { serviceLimits } from '../temporal.config.ts';
import { withFileLock } from './file-lock.mjs';
import { lastLines, openLog, rotateLog } from './log-file.ts';
import { endProcess, type ProcessIdentity, startTimeOf } from './process-identity.ts';
import {
  endLeftovers,
  liveRecord,
  removeServiceRecord,
  type ServiceRecord,
  writeServiceRecord,
} from './service-record.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the supervisor's own; the place for secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly address?: string;
  /** Without it a process counts as up as soon as it runs. */
  readonly isHealthy?: () => Promise<boolean>;
  readonly startTimeoutMs?: number;
  /** Time to end by itself after SIGTERM. */
  readonly stopGraceMs?: number;
}

export interface SuperviseOptions {
  readonly home: string;
  readonly log: (line: string) => void;
  /** Addresses for other processes, written into services.json; no secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Pauses before starting again: the first, and the longest it doubles up to. */
  readonly pauseMs?: { readonly first: number; readonly longest: number };
}

export interface Supervisor {
  /** Starts one more process and waits until it is healthy. */
  add(spec: ProcessSpec): Promise<void>;
  /** Replaces the addresses in services.json from the next record on. */
  describe(environment: Readonly<Record<string, string>>): void;
  /** Says in services.json that everything is up. */
  ready(): Promise<void>;
  /** Process id of a running process by name. */
  pidOf(name: string): number | undefined;
  /** Ends everything, last started first. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves when `stop` has finished. */
  readonly stopped: Promise<void>;
}

/** Exit codes of a worker that has found out by itself that it cannot work here (ground/errors.ts). */
const REFUSALS: ReadonlySet<number> = new Set([2, 4]);

interface Running {
  readonly spec: ProcessSpec;
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
}

class ProcessSupervisor implements Supervisor {
  readonly #options: SuperviseOptions;
  readonly #specs: ProcessSpec[] = [];
  readonly #running = new Map<string, Running>();
  readonly #restarts = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #rotation: NodeJS.Timeout;
  #state: ServiceRecord['state'] = 'starting';
  #environment: Readonly<Record<string, string>>;
  #stopping: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #resolveStopped: () => void = () => {};
  readonly stopped = new Promise<void>((resolve) => {
    this.#resolveStopped = resolve;
  });

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#environment = options.environment ?? {};
    this.#rotation = setInterval(() => {
      for (const { name } of this.#specs) rotateLog(this.#logPath(name));
    }, serviceLimits.rotateLogsEveryMs);
    this.#rotation.unref();
  }

  pidOf(name: string): number | undefined {
    return this.#running.get(name)?.identity.pid;
  }

  async add(spec: ProcessSpec): Promise<void> {
    this.#specs.push(spec);
    this.#restarts.set(spec.name, 0);
    await this.#start(spec, this.#firstPause());
    await this.#untilHealthy(spec);
  }

  describe(environment: Readonly<Record<string, string>>): void {
    this.#environment = environment;
  }

  async ready(): Promise<void> {
    this.#state = 'ready';
    await this.record();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #logPath(name: string): string {
    return join(this.#options.home, 'logs', `${name}.log`);
  }

  #firstPause(): number {
    return this.#options.pauseMs?.first ?? serviceLimits.restartPauseMs.first;
  }

  #longestPause(): number {
    return this.#options.pauseMs?.longest ?? serviceLimits.restartPauseMs.longest;
  }

  async #start(spec: ProcessSpec, pauseMs: number): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const log = openLog(this.#logPath(spec.name));
    const startedAt = Date.now();
    const child = spawn(spec.command, spec.args, {
      env: { ...process.env, ...spec.environment },
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends the others in order.
      detached: true,
    });
    closeSync(log);
    let over = false;
    const onEnd = (what: string, saidWhy = false): void => {
      if (over) return;
      over = true;
      this.#running.delete(spec.name);
      if (this.#stopping) return;
      const steady = Date.now() - startedAt > serviceLimits.steadyMs;
      void this.#startAgain(
        spec,
        what,
        saidWhy ? this.#longestPause() : steady ? this.#firstPause() : pauseMs,
      );
    };
    child.on('error', (error) => onEnd(`could not be started (${error.message})`));
    child.on('exit', (code, signal) =>
      onEnd(signal ? `was killed by ${signal}` : `ended with code ${code}`, REFUSALS.has(code ?? 0)),
    );
    const startTime = child.pid === undefined ? undefined : startTimeOf(child.pid);
    if (child.pid !== undefined && startTime !== undefined && !over) {
      this.#running.set(spec.name, { spec, child, identity: { pid: child.pid, startTime } });
    }
    await this.#recordIfPossible();
  }

  async #startAgain(spec: ProcessSpec, what: string, pauseMs: number): Promise<void> {
    const { log } = this.#options;
    log(
      `${spec.name} ${what}; starting it again in ${pauseMs / 1000} s (its log: ${this.#logPath(spec.name)})`,
    );
    this.#restarts.set(spec.name, (this.#restarts.get(spec.name) ?? 0) + 1);
    try {
      await sleep(pauseMs, undefined, { signal: this.#ending.signal });
    } catch {
      return;
    }
    const nextPauseMs = Math.min(pauseMs * 2, this.#longestPause());
    try {
      await this.#start(spec, nextPauseMs);
    } catch (error) {
      // Its log could not be opened, for want of space or file handles: that passes.
      void this.#startAgain(spec, `could not be started (${(error as Error).message})`, nextPauseMs);
    }
  }

  /** A full disk must not end what runs: the record is then older than the processes until the next one is written. */
  async #recordIfPossible(): Promise<void> {
    try {
      await this.record();
    } catch (error) {
      this.#options.log((error as Error).message);
    }
  }

  async #untilHealthy(spec: ProcessSpec): Promise<void> {
    if (!spec.isHealthy) return;
    const limitMs = spec.startTimeoutMs ?? serviceLimits.startMs;
    const deadline = Date.now() + limitMs;
    while (!(await spec.isHealthy())) {
      if (this.#stopping)
        throw new DomainError('WorkerShutdown', `${spec.name} was stopped while it started`);
      if (Date.now() > deadline) {
        throw new DomainError(
          'OrchestratorUnavailable',
          `${spec.name} does not answer${spec.address ? ` at ${spec.address}` : ''} after ${limitMs / 1000} s. ` +
            `The end of its log ${this.#logPath(spec.name)}:\n${lastLines(this.#logPath(spec.name), 8)}`,
          { service: spec.name },
        );
      }
      await sleep(100);
    }
  }

  /** Writes services.json. One writer at a time, so that an older state never lands over a newer one. */
  record(): Promise<void> {
    // The next one is written also when this one could not be.
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const services = this.#specs.flatMap(({ name, address }) => {
          const running = this.#running.get(name);
          const restarts = this.#restarts.get(name) ?? 0;
          return running ? [{ name, ...running.identity, ...(address && { address }), restarts }] : [];
        });
        await writeServiceRecord(this.#options.home, {
          supervisor: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' },
          state: this.#state,
          services,
          environment: { ...this.#environment },
        });
      });
    return this.#writing;
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    clearInterval(this.#rotation);
    this.#state = 'stopping';
    await this.#recordIfPossible();
    for (const spec of this.#specs.toReversed()) {
      const running = this.#running.get(spec.name);
      if (!running) continue;
      await endProcess(running.identity, spec.stopGraceMs ?? serviceLimits.stopGraceMs);
      // What the process itself had started is in its group; the leader's end does not end those.
      try {
        process.kill(-running.identity.pid, 'SIGKILL');
      } catch {
        // The group is empty, as it should be.
      }
    }
    await removeServiceRecord(this.#options.home);
    this.#resolveStopped();
  }
}

/**
 * A supervisor over the home folder; whatever an earlier one that was killed left running is ended first.
 * @throws DomainError ConfigInvalid when another one is alive there.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervisor> {
  const { home, log } = options;
  return await withFileLock(join(home, 'supervisor.lock'), async () => {
    const live = await liveRecord(home);
    if (live) {
      throw new DomainError(
        'ConfigInvalid',
        `Services already run on the data in ${home} (process ${live.supervisor.pid}). Stop them with \`echoloop down\`, or set ECHOLOOP_HOME to another folder.`,
      );
    }
    const ended = await endLeftovers(home);
    if (ended.length > 0) log(`Ended what an earlier start had left running: ${ended.join(', ')}`);
    const supervisor = new ProcessSupervisor(options);
    await supervisor.record();
    return supervisor;
  });
}
