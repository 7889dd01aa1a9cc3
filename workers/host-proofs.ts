/**
 * What a worker proves of its host before it takes work, and again when an activity fails in a way that may be the
 * host's fault: that Temporal has the namespace, that the store can be written and read, that the disk has room, that
 * tensors work as they did, and that it fits those that work already.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowService } from '@temporalio/client';
import type { WorkerRole } from '../contracts/task-queues.ts';
import { DomainError, domainErrorOf } from '../ground/errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import { liveWorkers, type WorkerFacts } from '../runtime/live-workers.ts';
import type { ObjectStore } from '../storage/store.ts';
import { nameOfStore } from '../storage/store-name.ts';
import { diskBudgets } from '../temporal.config.ts';
import type { ComputeProcess } from './compute-process.ts';

/** Answers of gRPC: not found, permission denied, unauthenticated. */
const REFUSALS: ReadonlySet<unknown> = new Set([5, 7, 16]);

export interface Host {
  readonly role: WorkerRole;
  readonly version: string;
  readonly deployment: Deployment;
  readonly service: WorkflowService;
  /** Of roles that have one. */
  readonly store?: ObjectStore | undefined;
  readonly compute?: ComputeProcess | undefined;
}

/**
 * What the host can be told others as, once it has proved everything.
 * @throws DomainError whose message names the proof that failed and what to do; its code is that of the failure.
 */
export async function proveHost(host: Host): Promise<WorkerFacts> {
  const { role, version, deployment, service, store, compute } = host;
  const prove = <Result>(what: string, show: () => Promise<Result>): Promise<Result> =>
    show().catch((error: unknown) => {
      throw failedProof(role, what, error);
    });
  await prove('Temporal', () => namespaceExists(service, deployment));
  const name = store && (await prove('the object store', () => storeWorks(store)));
  if (store) await prove('the disk', () => diskHasRoom(deployment.home));
  const facts: WorkerFacts = { role, version, store: name };
  await prove('the other workers', () => fitsTheOthers(facts, service, deployment));
  const tensors = compute && (await prove('tensors', () => tensorsWork(compute, deployment)));
  return { ...facts, tensors };
}

function failedProof(role: WorkerRole, what: string, error: unknown): DomainError {
  const known = domainErrorOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new DomainError(
    known?.code ?? 'HostUnfit',
    `This ${role} worker takes no work: its proof of ${what} failed. ${message}`,
    known?.details,
    { cause: error },
  );
}

async function namespaceExists(service: WorkflowService, { temporal }: Deployment): Promise<void> {
  try {
    await service.describeNamespace({ namespace: temporal.namespace });
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    const refused = REFUSALS.has(code);
    const what = refused
      ? `does not let this worker into the namespace ${temporal.namespace} (${message}). Check TEMPORAL_NAMESPACE and TEMPORAL_API_KEY.`
      : `does not answer (${message}). Check that it runs, and TEMPORAL_ADDRESS.`;
    throw new DomainError(
      refused ? 'ConfigInvalid' : 'OrchestratorUnavailable',
      `The Temporal server${temporal.address ? ` at ${temporal.address}` : ''} ${what}`,
      {},
      { cause: error },
    );
  }
}

/** Writes, reads and removes an object of its own. */
async function storeWorks(store: ObjectStore): Promise<string> {
  const key = `hosts/${randomBytes(8).toString('hex')}`;
  const written = randomBytes(64);
  await store.put(key, written, { ifNoneMatch: true });
  const read = await store.get(key);
  await store.delete(key);
  if (read && written.equals(read)) return nameOfStore(store);
  throw new DomainError(
    'StorageUnavailable',
    'It gave other bytes back than were written a moment before, so it is not strongly consistent, or the network damages what passes. Use a store that is; see docs/operating.md.',
  );
}

/** In the folders of the cache and of scratch files. */
async function diskHasRoom(home: string): Promise<void> {
  const cache = join(home, 'cache');
  await mkdir(cache, { recursive: true });
  for (const folder of [cache, tmpdir()]) {
    const file = join(folder, `echoloop-proof-${randomBytes(8).toString('hex')}`);
    await writeFile(file, randomBytes(64)).catch((error: unknown) => {
      throw domainErrorOf(error, file) ?? error;
    });
    await rm(file, { force: true });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= diskBudgets.leastFreeBytes) continue;
    throw new DomainError(
      'DiskFull',
      `${folder} has ${Math.round((bavail * bsize) / 1e6)} MB free, and a worker needs ${diskBudgets.leastFreeBytes / 1e6}. Free some, or set ECHOLOOP_HOME or TMPDIR to a folder on another disk.`,
    );
  }
}

/** Starts the tensor process where it is not running. */
async function tensorsWork(compute: ComputeProcess, { computeThreads }: Deployment): Promise<string> {
  const before = compute.tensors;
  const { backend, threads } = await compute.ready();
  const tensors = `${backend}/${threads}`;
  if (computeThreads !== undefined && threads !== computeThreads) {
    throw new DomainError(
      'ConfigInvalid',
      `Tensors have ${threads} threads, and ECHOLOOP_COMPUTE_THREADS asks for ${computeThreads}.`,
    );
  }
  if (before === undefined || before === tensors) return tensors;
  throw new DomainError(
    'BackendMissing',
    `Tensors ran on ${before} when this worker started, and now on ${tensors}: the device is gone. Look at \`echoloop doctor\` on this machine.`,
  );
}

/** Those who wait for work just now. */
async function fitsTheOthers(
  { role, version, store }: WorkerFacts,
  service: WorkflowService,
  { temporal, s3 }: Deployment,
): Promise<void> {
  // Keys that may not ask after queues may be good for everything else.
  const others = await liveWorkers(service, temporal.namespace).catch(() => []);
  const elsewhere = others.find((other) => store && other.store && other.store !== store);
  if (elsewhere) {
    throw new DomainError(
      'ConfigInvalid',
      `Bucket ${s3.bucket} at ${s3.endpoint ?? `S3 in ${s3.region}`} is not the one that ${elsewhere.role} worker ${elsewhere.where} works on (store ${store}, there ${elsewhere.store}). Check ECHOLOOP_S3_ENDPOINT and ECHOLOOP_S3_BUCKET on both.`,
    );
  }
  const control = others.find((other) => other.role === 'control' && !understand(other.version, version));
  if (!control) return;
  const remedy =
    role === 'control'
      ? 'Two would decide about the same runs. End that one: five minutes later at most Temporal has forgotten it, and this one can begin.'
      : 'Install the same version; control workers are replaced first.';
  throw new DomainError(
    'VersionMismatch',
    `This is version ${version}, and the control worker ${control.where} is of version ${control.version}: they do not understand each other. ${remedy}`,
  );
}

/** Versions that differ in the last number alone are of one form; before 1.0 that is the rule for the second, too. */
function understand(one: string, other: string): boolean {
  const form = (version: string): string => {
    const [major = '', minor = ''] = version.split('.');
    return major === '0' ? `0.${minor}` : major;
  };
  return form(one) === form(other);
}
