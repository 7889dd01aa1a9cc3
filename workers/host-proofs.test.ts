import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowService } from '@temporalio/client';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmallDisk } from '../bench/cluster/small-disk.ts';
import { DomainError } from '../ground/errors.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { identityOf, type WorkerFacts } from '../runtime/live-workers.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { nameOfStore } from '../storage/store-name.ts';
import type { ComputeProcess } from './compute-process.ts';
import { type Host, proveHost } from './host-proofs.ts';
import { HostWatch } from './host-watch.ts';

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore();
});

/** A Temporal server with these workers, or without the namespace. */
function serviceWith(workers: readonly WorkerFacts[] | 'no namespace' | 'no answer'): WorkflowService {
  return {
    describeNamespace: async () => {
      if (workers === 'no namespace') throw Object.assign(new Error('NOT_FOUND'), { code: 5 });
      if (workers === 'no answer') throw Object.assign(new Error('UNAVAILABLE'), { code: 14 });
    },
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => ({
      pollers: (workers as readonly WorkerFacts[])
        .filter(({ role }) => taskQueue.name.endsWith(role))
        .map((facts) => ({ identity: identityOf(facts), lastAccessTime: { seconds: 1 } })),
    }),
  } as unknown as WorkflowService;
}

/** A tensor process that was of the first back end, and is of the second now. */
function tensors(before: string | undefined, backend: string, threads: number): ComputeProcess {
  return { tensors: before, ready: async () => ({ backend, threads, pid: 1 }) } as unknown as ComputeProcess;
}

const host = (changes: Partial<Host> = {}): Host => ({
  role: 'compute',
  version: '0.1.0',
  deployment: deploymentFrom({ ECHOLOOP_COMPUTE_THREADS: '2', ECHOLOOP_S3_BUCKET: 'clinic' }),
  service: serviceWith([]),
  store,
  compute: tensors(undefined, 'native-cpu', 2),
  ...changes,
});

describe('a worker', () => {
  it('is told others as what it has proved to be, and leaves nothing but the name of the store behind', async () => {
    const facts = await proveHost(host());
    expect(facts).toEqual({
      role: 'compute',
      version: '0.1.0',
      store: await nameOfStore(store),
      tensors: 'native-cpu/2',
    });
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['store-name.json']);
  });

  it.each([
    ['Temporal', 'ConfigInvalid', /TEMPORAL_NAMESPACE/, { service: serviceWith('no namespace') }],
    ['Temporal', 'OrchestratorUnavailable', /TEMPORAL_ADDRESS/, { service: serviceWith('no answer') }],
    ['tensors', 'ConfigInvalid', /8 threads.*asks for 2/, { compute: tensors(undefined, 'native-cpu', 8) }],
    ['tensors', 'BackendMissing', /now on wasm/, { compute: tensors('native-gpu/2', 'wasm', 2) }],
    [
      'the other workers',
      'VersionMismatch',
      /version 0\.1\.0.*is of version 0\.2\.0/,
      { service: serviceWith([{ role: 'control', version: '0.2.0' }]) },
    ],
    [
      'the other workers',
      'VersionMismatch',
      /version 0\.1\.0.*is of version 1\.1\.0/,
      { service: serviceWith([{ role: 'control', version: '1.1.0' }]) },
    ],
    [
      'the other workers',
      'ConfigInvalid',
      /Bucket clinic .*ECHOLOOP_S3_BUCKET/,
      { service: serviceWith([{ role: 'io', version: '0.1.0', store: '01234567' }]) },
    ],
  ] as const)('takes no work without its proof of %s: %s', async (what, code, message, changes) => {
    const refused = proveHost(host(changes));
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(refused).rejects.toThrow(`This compute worker takes no work: its proof of ${what} failed.`);
  });

  it('decides about no runs beside a control worker of another version, and says when it can', async () => {
    const service = serviceWith([{ role: 'control', version: '0.2.0' }]);
    await expect(proveHost(host({ role: 'control', service }))).rejects.toMatchObject({
      code: 'VersionMismatch',
      message: expect.stringMatching(/End that one: five minutes later/),
    });
  });

  it('does not start tensors beside workers that it does not fit', async () => {
    let started = false;
    const compute = {
      ready: async () => {
        started = true;
      },
    } as unknown as ComputeProcess;
    const service = serviceWith([{ role: 'control', version: '0.2.0' }]);
    await expect(proveHost(host({ compute, service }))).rejects.toMatchObject({ code: 'VersionMismatch' });
    expect(started).toBe(false);
  });

  it('takes no work when the store refuses its keys', async () => {
    store.put = async () => {
      throw new DomainError('AccessDenied', 'Check AWS_SECRET_ACCESS_KEY.');
    };
    await expect(proveHost(host())).rejects.toMatchObject({
      code: 'AccessDenied',
      message:
        'This compute worker takes no work: its proof of the object store failed. Check AWS_SECRET_ACCESS_KEY.',
    });
  });

  it('works beside others of its store and of versions that it understands', async () => {
    const name = await nameOfStore(store);
    const service = serviceWith([
      { role: 'control', version: '0.1.7' },
      { role: 'io', version: '0.2.0', store: name },
      { role: 'compute', version: '0.1.0', store: name, tensors: 'native-gpu/8' },
    ]);
    expect(await proveHost(host({ service }))).toMatchObject({ store: name });
  });
});

const folder = mkdtempSync(join(tmpdir(), 'echoloop-full-'));
const disk = SmallDisk.mount(folder, 8e8);
if (!disk) console.warn('NOT TESTED: a worker on a full disk, as no disk can be mounted here');
afterAll(() => {
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!disk)('a worker whose own disk is full', () => {
  const deployment = deploymentFrom({ ECHOLOOP_COMPUTE_THREADS: '2', ECHOLOOP_HOME: folder });

  it('has an activity that met it tried elsewhere, takes itself out, and takes no work until there is room', async () => {
    const watch = new HostWatch(() => proveHost(host({ deployment })));
    await disk!.fill();
    try {
      const told = await watch.judge(new DomainError('DiskFull', 'A scratch file could not be written.'));
      expect(told).toMatchObject({ code: 'HostUnfit', message: expect.stringContaining(folder) });
      expect(watch.fault).toMatchObject({
        code: 'DiskFull',
        message: expect.stringMatching(/proof of the disk/),
      });
      await expect(proveHost(host({ deployment }))).rejects.toMatchObject({ code: 'DiskFull' });
    } finally {
      await disk!.empty();
    }
    expect(await proveHost(host({ deployment }))).toMatchObject({ role: 'compute' });
  });

  it('is one also where only its scratch folder is on it', async () => {
    vi.stubEnv('TMPDIR', folder);
    await disk!.fill();
    try {
      await expect(proveHost(host())).rejects.toMatchObject({
        code: 'DiskFull',
        message: expect.stringContaining(folder),
      });
    } finally {
      await disk!.empty();
      vi.unstubAllEnvs();
    }
  });
});
