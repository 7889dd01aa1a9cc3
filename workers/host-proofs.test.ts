import type { WorkflowService } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { identityOf, type WorkerFacts } from '../runtime/live-workers.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { nameOfStore } from '../storage/store-name.ts';
import type { ComputeProcess } from './compute-process.ts';
import { type Host, proveHost } from './host-proofs.ts';

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
      'ConfigInvalid',
      /Bucket clinic .*ECHOLOOP_S3_BUCKET/,
      { service: serviceWith([{ role: 'io', version: '0.1.0', store: '01234567' }]) },
    ],
  ] as const)('takes no work without its proof of %s: %s', async (what, code, message, changes) => {
    const refused = proveHost(host(changes));
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(refused).rejects.toThrow(`This compute worker takes no work: its proof of ${what} failed.`);
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
