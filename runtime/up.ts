/**
 * `echoloop up` and `npm start`: the embedded services and one worker of each role, of compute as many as the
 * deployment says, watched over until told to stop.
 */
import type { WorkerRole } from '../contracts/task-queues.ts';
import { checkNewestArtefacts } from '../storage/check-artefacts.ts';
import { endAbandonedUploads } from '../storage/s3-abandoned-uploads.ts';
import { S3Store } from '../storage/s3-store.ts';
import { serviceLimits } from '../temporal.config.ts';
import type { Deployment } from './deployment.ts';
import { commandScript } from './installation.ts';
import { type Embedded, startEmbedded } from './services/embedded.ts';
import type { ProcessSpec } from './supervisor.ts';

export interface UpOptions {
  readonly deployment: Deployment;
  readonly log: (line: string) => void;
  /** Roles to start workers of; all three by default. */
  readonly workers?: readonly WorkerRole[];
}

const ALL_ROLES: readonly WorkerRole[] = ['control', 'io', 'compute'];

/** How to run one worker: by the command that a real deployment uses too. */
function workerProcess(
  name: string,
  role: WorkerRole,
  environment: Readonly<Record<string, string>>,
): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: [commandScript, 'worker', '--role', role],
    environment,
    stopGraceMs: serviceLimits.workerStopGraceMs,
  };
}

/** `worker-compute`, `worker-compute-2` and so on. */
function workerNames(role: WorkerRole, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `worker-${role}${index === 0 ? '' : `-${index + 1}`}`);
}

/**
 * Starts everything in this process's care. The caller stops it; see runUntilSignal.
 * @throws what startEmbedded throws
 */
export async function up({ deployment, log, workers = ALL_ROLES }: UpOptions): Promise<Embedded> {
  const embedded = await startEmbedded({ deployment, log });
  try {
    if (!deployment.s3.endpoint) await lookAtStore(embedded.deployment, log);
    for (const role of workers) {
      const count = role === 'compute' ? (deployment.computeWorkers ?? 1) : 1;
      for (const name of workerNames(role, count))
        await embedded.supervisor.add(workerProcess(name, role, embedded.environment));
    }
    await embedded.supervisor.ready();
    return embedded;
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

/**
 * The embedded store does not wait for the disk, so a power cut may have undone what it had acknowledged, and it keeps
 * what killed writers had sent. Starting goes on in any case: what is damaged is refused when it is read.
 */
async function lookAtStore({ s3 }: Deployment, log: UpOptions['log']): Promise<void> {
  try {
    const uploads = await endAbandonedUploads(s3);
    if (uploads > 0) log(`Store: gave up ${uploads} uploads whose writers were killed`);
    const { checked, records, damaged } = await checkNewestArtefacts(new S3Store(s3));
    for (const { key, problem } of damaged) {
      log(
        `DAMAGED in the store: ${key}: ${problem}. Restore it from a copy, or delete it together with its record (the key and .json) to have it made again.`,
      );
    }
    if (records > 0)
      log(`Store: of ${records} records the ${checked} newest were checked, ${damaged.length} damaged`);
  } catch (error) {
    log(`The store could not be checked: ${(error as Error).message}`);
  }
}

/**
 * Waits for SIGINT, SIGTERM or SIGHUP, then stops everything in order. A second signal changes nothing: the order is
 * kept.
 */
export async function runUntilSignal(embedded: Embedded): Promise<void> {
  const stop = (): void => void embedded.stop();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  await embedded.supervisor.stopped;
  for (const signal of signals) process.off(signal, stop);
}
