/**
 * The compute worker's side of the channel: one warm tensor process, started when first needed and again after it
 * died. A death fails the calls in flight with ComputeCrashed, which is retried and resumes from the last checkpoint.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Heartbeat } from '../contracts/messages.ts';
import { DomainError } from '../ground/errors.ts';
import { loaderArguments } from '../runtime/installation.ts';
import { workerLimits } from '../temporal.config.ts';
import { type ToChild, type ToParent, ToParentSchema } from './compute-messages.ts';
import { describeExit, exitOf, outOfMemoryKills } from './process-exit.ts';

export interface ComputeProcessOptions {
  /** File of the module that the process runs. */
  readonly module: string;
  /** Sent to the process first. */
  readonly deployment: unknown;
  /** How long a cancelled call may take to write its checkpoint before the process is killed. */
  readonly graceMs: number;
  /** A call that shows no progress for so long is taken for hung (a stopped process, a device that never answers). */
  readonly stallMs: number;
  /** How long a process that was killed may take to be gone. */
  readonly killMs: number;
}

/** What a started tensor process says about itself. */
export interface ReadyProcess {
  readonly backend: string;
  readonly threads: number;
  readonly pid: number;
}

interface PendingCall {
  readonly onProgress: (details: Heartbeat) => void;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Thrown for a call that ended because it was cancelled. */
export class ComputeCancelled extends Error {}

export class ComputeProcess {
  readonly #options: ComputeProcessOptions;
  readonly #pending = new Map<number, PendingCall>();
  #child: ChildProcess | undefined;
  #ready: Deferred<ReadyProcess> | undefined;
  #calls = 0;
  /** What calls in flight fail with when this worker ends the process itself. */
  #ending: Error | undefined;
  /** Until a process that was killed is gone, which takes seconds where it has a GPU. */
  #killed: Promise<void> | undefined;
  #outOfMemoryKills = 0;
  #tensors: string | undefined;

  constructor(options: ComputeProcessOptions) {
    this.#options = options;
  }

  /** Process id of the tensor process while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Back end and threads of the last process that was ready, such as `native-cpu/8`. */
  get tensors(): string | undefined {
    return this.#tensors;
  }

  /** Ends a process whose device does not answer any more; the next call starts another one. */
  abandon(error: Error): void {
    if (this.#child) this.#kill(this.#child, error);
  }

  /**
   * Starts the process when there is none and waits until its tensors work.
   * @throws DomainError BackendMissing and others of the process's start; ComputeCrashed when it died.
   */
  async ready(): Promise<ReadyProcess> {
    await this.#started();
    return this.#ready!.promise;
  }

  /**
   * Runs one activity in the process.
   * @throws DomainError of the activity, or ComputeCrashed when the process died. @throws ComputeCancelled after an
   * abort.
   */
  async run(
    activity: string,
    input: unknown,
    signal: AbortSignal,
    onProgress: (details: Heartbeat) => void,
  ): Promise<unknown> {
    const child = await this.#started(signal);
    const call = ++this.#calls;
    let grace: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      this.#send(child, { type: 'cancel', call });
      grace = setTimeout(() => this.#kill(child, endedByWorker()), this.#options.graceMs);
    };
    signal.addEventListener('abort', cancel, { once: true });
    let last: Heartbeat | undefined;
    const stalled = setTimeout(
      () => this.#kill(child, stalledError(activity, last, this.#options.stallMs)),
      this.#options.stallMs,
    );
    try {
      return await new Promise((resolve, reject) => {
        const progressed = (details: Heartbeat): void => {
          stalled.refresh();
          last = details;
          onProgress(details);
        };
        this.#pending.set(call, { onProgress: progressed, resolve, reject });
        this.#send(child, { type: 'run', call, activity, input });
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      clearTimeout(grace);
      clearTimeout(stalled);
      this.#pending.delete(call);
    }
  }

  /** Ends the process; calls in flight fail as cancelled. One that nothing ends is left behind. */
  async close(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const { exitGraceMs } = workerLimits.compute;
    const exited = exitOf(child, exitGraceMs + this.#options.killMs).catch(() => undefined);
    this.#ending = endedByWorker();
    if (child.connected) child.disconnect();
    const force = setTimeout(() => child.kill('SIGKILL'), exitGraceMs);
    await exited;
    clearTimeout(force);
  }

  /** The process that there is, or a new one, once a former one that was killed is gone. */
  async #started(signal?: AbortSignal): Promise<ChildProcess> {
    await this.#killed;
    if (signal?.aborted) throw new ComputeCancelled('Cancelled before the call began.');
    if (this.#child) return this.#child;
    const child = fork(this.#options.module, {
      execArgv: loaderArguments(this.#options.module),
      // Standard output belongs to the command line; the child's log goes to standard error.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    });
    this.#child = child;
    this.#ready = deferred();
    this.#ending = undefined;
    this.#killed = undefined;
    this.#outOfMemoryKills = outOfMemoryKills();
    child.on('message', (raw) => this.#receive(child, raw));
    child.on('error', (error) =>
      this.#died(child, `it could not be started or reached: ${error.message}`, false),
    );
    child.on('exit', (code, signal) => this.#exited(child, code, signal));
    this.#send(child, { type: 'configure', deployment: this.#options.deployment });
    return child;
  }

  #send(child: ChildProcess, message: ToChild): void {
    // A process that is already gone reports itself by its exit.
    if (child.connected) child.send(message, () => undefined);
  }

  #receive(child: ChildProcess, raw: unknown): void {
    const parsed = ToParentSchema.safeParse(raw);
    if (!parsed.success) {
      this.#died(child, `it sent a message that is not of the protocol (${parsed.error.message})`, false);
      child.kill('SIGKILL');
      return;
    }
    const message = parsed.data;
    if (message.type === 'ready') {
      const { backend, threads } = message;
      this.#tensors = `${backend}/${threads}`;
      this.#ready?.resolve({ backend, threads, pid: child.pid ?? 0 });
      return;
    }
    if (message.type === 'unready') {
      this.#ready?.reject(
        message.code ? new DomainError(message.code, message.message) : new Error(message.message),
      );
      return;
    }
    const pending = this.#pending.get(message.call);
    if (!pending) return;
    if (message.type === 'progress') pending.onProgress(message.details);
    else if (message.type === 'result') pending.resolve(message.output);
    else pending.reject(errorOf(message));
  }

  #kill(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#ending = error;
    this.#killed = exitOf(child, this.#options.killMs);
    this.#killed.catch((stuck: Error) => {
      this.#ending = stuck;
      // Nor does it keep this process.
      child.unref();
      if (child.connected) child.disconnect();
      this.#died(child, 'it cannot be ended', false);
    });
    child.kill('SIGKILL');
  }

  #died(child: ChildProcess, how: string, outOfMemory: boolean): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const error =
      this.#ending ??
      new DomainError(
        'ComputeCrashed',
        `The tensor process died: ${how}. The activity is tried again and resumes from its last checkpoint.`,
        { outOfMemory },
      );
    this.#ready?.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #exited(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    const outOfMemory = signal === 'SIGKILL' && outOfMemoryKills() > this.#outOfMemoryKills;
    this.#died(child, describeExit(code, signal, outOfMemory), outOfMemory);
  }
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

function deferred<Value>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  // Nobody needs to be waiting for it.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

function endedByWorker(): ComputeCancelled {
  return new ComputeCancelled('The tensor process was ended by its worker.');
}

/** What was killed and why, for the person who reads it. */
function stalledError(activity: string, last: Heartbeat | undefined, stallMs: number): DomainError {
  return new DomainError(
    'ComputeCrashed',
    `The worker killed the tensor process: ${activity} showed no progress for ${spell(stallMs)}, since ${describeProgress(last)}. It was stopped, or its device does not answer. The activity is tried again and resumes from its last checkpoint. Where one step really takes longer, raise workerLimits.compute.stallMs in temporal.config.ts.`,
    { stalled: true },
  );
}

function describeProgress(last: Heartbeat | undefined): string {
  if (!last) return 'it began';
  const { preparing, step, total } = last;
  return preparing
    ? `${preparing.done} of ${preparing.total} videos were prepared`
    : `step ${step} of ${total}`;
}

function spell(ms: number): string {
  return ms < 60_000 ? `${ms / 1000} s` : `${Math.round(ms / 60_000)} minutes`;
}

function errorOf(failure: Extract<ToParent, { type: 'failure' }>): Error {
  if (failure.cancelled) return new ComputeCancelled(failure.message);
  const error = failure.code
    ? new DomainError(failure.code, failure.message, failure.details)
    : new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}
