/** Runs one worker of a role until it is told to stop, then drains it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { WorkerRole } from '../contracts/task-queues.ts';
import { DomainError } from '../ground/errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { codeVersion } from '../runtime/installation.ts';
import { identityOf } from '../runtime/live-workers.ts';
import { workerLimits } from '../temporal.config.ts';
import { connectWorker, installSdkLog, type RoleParts, sdkLogger } from './connect.ts';
import { proveHost } from './host-proofs.ts';
import { HostWatch, SERVICES_AWAY } from './host-watch.ts';
import { openLog } from './log.ts';

export interface RunWorkerOptions {
  /** Ends the worker as SIGTERM does. */
  readonly signal?: AbortSignal;
  /** Called once the worker polls for tasks. */
  readonly onReady?: () => void;
}

/**
 * Serves the queue of the role; returns after a drain that SIGTERM, SIGINT or `signal` asked for. One call a process.
 * @throws DomainError of the proof that failed, before it took any work (host-proofs.ts) or, after a drain, while it
 * worked
 */
export async function runWorker(
  role: WorkerRole,
  deployment: Deployment,
  options: RunWorkerOptions = {},
): Promise<void> {
  // What cannot be written to the log, for want of space, is lost; it does not end the worker.
  process.stderr.on('error', () => undefined);
  const log = openLog(role);
  installSdkLog(log);
  const opening = openRole(role, deployment, log);
  // Awaited below, when there is a connection.
  opening.catch(() => undefined);
  const connection = await whenServicesAnswer(log, () => connectWorker(deployment));
  const { store, compute, create } = await opening;
  const host = {
    role,
    version: codeVersion(),
    deployment,
    service: connection.workflowService,
    store,
    compute,
  };
  try {
    // A worker that cannot work must not take work: others would wait for it, or fail with it.
    const facts = await whenServicesAnswer(log, () => proveHost(host));
    log.info(facts, 'this host is fit');
    const watch = new HostWatch(() => proveHost(host));
    const { namespace } = deployment.temporal;
    const worker = await create({ connection, namespace, identity: identityOf(facts), watch });
    watch.onFault(() => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    });
    await runUntilStopped(worker, options);
    if (watch.fault) throw watch.fault;
    log.info({ role }, 'worker drained');
  } finally {
    await compute?.close();
    await connection.close();
  }
}

/** Loads what the role needs and nothing else: every run waits for a control worker that starts. */
async function openRole(role: WorkerRole, deployment: Deployment, log: Logger): Promise<RoleParts> {
  switch (role) {
    case 'control':
      return (await import('./control.ts')).openControl(deployment.home, sdkLogger(log));
    case 'io':
      return (await import('./io.ts')).openIo(deployment);
    case 'compute':
      return (await import('./compute.ts')).openCompute(deployment);
  }
}

/** A service that is away for a moment, as while everything starts, is waited for a while. */
async function whenServicesAnswer<Result>(log: Logger, work: () => Promise<Result>): Promise<Result> {
  const { waitForServicesMs, askServicesEveryMs } = workerLimits;
  const deadline = Date.now() + waitForServicesMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const away = error instanceof DomainError && SERVICES_AWAY.has(error.code);
      if (!away || Date.now() > deadline) throw error;
      log.warn({ code: error.code }, `waiting: ${error.message}`);
    }
    await sleep(askServicesEveryMs);
  }
}

async function runUntilStopped(worker: Worker, { signal, onReady }: RunWorkerOptions): Promise<void> {
  const stop = (): void => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  signal?.addEventListener('abort', stop);
  try {
    const running = worker.run();
    onReady?.();
    if (signal?.aborted) stop();
    await running;
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    signal?.removeEventListener('abort', stop);
  }
}
