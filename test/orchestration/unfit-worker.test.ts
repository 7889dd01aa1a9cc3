/**
 * Real worker processes on real servers, some of which have a wrong secret or are of another version: they take no work
 * and say why, and the run completes on the others. Computing is left to stand-ins.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '../../app/connections.ts';
import { runResult, startAdaptation } from '../../app/runs/adaptation-client.ts';
import { installAs, otherVersions } from '../../bench/cluster/installation.ts';
import { storeRehearsalDataset } from '../../bench/rehearsal/dataset.ts';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import { deploymentFrom, type Environment } from '../../runtime/deployment.ts';
import { codeVersion, commandScript, loaderArguments, moduleFile } from '../../runtime/installation.ts';
import { liveWorkers } from '../../runtime/live-workers.ts';
import { findBinary } from '../../runtime/provision/binaries.ts';
import { cacheFolder } from '../../runtime/provision/cache-folder.ts';
import { s3Binary } from '../../runtime/provision/s3.ts';
import { temporalBinary } from '../../runtime/provision/temporal.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { openStore } from '../../storage/open-store.ts';

const binaries = await Promise.all(
  [temporalBinary, s3Binary].map((binary) => findBinary(binary, cacheFolder())),
);
const missing = binaries.some((found) => !found);
if (missing) console.warn('NOT TESTED: unfit workers, for want of the servers; `npm test` gets them');

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

describe.skipIf(missing)('workers that cannot work', () => {
  const home = mkdtempSync(join(tmpdir(), 'echoloop-unfit-'));
  const processes: ChildProcess[] = [];
  let embedded: Embedded;

  /** A worker process that is not started again. */
  function startWorker(role: WorkerRole, environment: Environment, script = commandScript) {
    const child = spawn(process.execPath, [script, 'worker', '--role', role], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    processes.push(child);
    let said = '';
    let tellReady: () => void;
    const ready = new Promise<'ready'>((resolve) => {
      tellReady = () => resolve('ready');
    });
    child.stderr.on('data', (text) => {
      said += text;
      if (said.includes(`${role} worker is ready`)) tellReady();
    });
    const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, said })));
    return { ready, ended };
  }

  beforeAll(async () => {
    embedded = await startEmbedded({
      deployment: deploymentFrom({ ECHOLOOP_HOME: home }),
      log: () => undefined,
    });
    const good = (['control', 'io'] as const).map((role) => startWorker(role, embedded.environment));
    await Promise.all(good.map(({ ready }) => ready));
  });
  afterAll(async () => {
    for (const child of processes) child.kill('SIGKILL');
    await embedded?.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('for a wrong secret take no work and end with what to do, and the run completes on the others', async () => {
    const { deployment, environment } = embedded;
    const wrong = { ...environment, AWS_SECRET_ACCESS_KEY: 'of another deployment' };
    const bad = (['io', 'compute'] as const).map((role) => startWorker(role, wrong));
    const module = moduleFile('bench/rehearsal/compute-workers');
    const standIns = fork(module, ['2', '1'], {
      execArgv: loaderArguments(module),
      env: { ...process.env, ...environment },
    });
    processes.push(standIns);

    const store = openStore(deployment);
    await storeRehearsalDataset(store, 'clinic', 20);
    const policy = await writeArtefact(store, 'models/m/policy', new Uint8Array([1]), {
      inputs: [],
      codeVersion: 'test',
      mediaType: 'application/octet-stream',
    });
    await connectTo(deployment, async ({ client }) => {
      const config = RunConfigSchema.parse({
        source: 'clinic',
        target: 'clinic',
        initialPolicy: policy.key,
        iterations: 1,
        autoencoder: { enabled: false },
        landmark: { enabled: false },
        sweep: { videosPerShard: 4 },
      });
      await startAdaptation(client, { run: 'run', config });
      for (const { ended } of bad) {
        const { code, said } = await ended;
        expect(code).toBe(4);
        expect(said).toMatch(/takes no work: its proof of the object store failed\. .*AWS_SECRET_ACCESS_KEY/);
      }
      expect(await runResult(client, 'run')).toMatchObject({ quarantined: 0, stopped: false });
      const workers = await liveWorkers(client.workflowService, deployment.temporal.namespace);
      expect(workers.map(({ role }) => role).sort()).toEqual(['control', 'io']);
    });
  }, 600_000);

  it('for a version that the control worker does not understand take no work, and those of another patch do', async () => {
    const { deployment, environment } = embedded;
    const { patch, stranger } = otherVersions();
    const strange = await installAs(stranger, join(home, 'stranger'));
    const patched = startWorker('io', environment, await installAs(patch, join(home, 'patched')));
    const strangers = (['control', 'io', 'compute'] as const).map((role) =>
      startWorker(role, environment, strange),
    );
    for (const { ready, ended } of strangers) {
      expect(await Promise.race([ready, ended])).toMatchObject({
        code: 1,
        said: expect.stringContaining(`This is version ${stranger}, and the control worker`),
      });
    }
    expect(await Promise.race([patched.ready, patched.ended])).toBe('ready');
    await connectTo(deployment, async ({ client }) => {
      const workers = await liveWorkers(client.workflowService, deployment.temporal.namespace);
      expect(new Set(workers.map(({ version }) => version))).toEqual(new Set([codeVersion(), patch]));
    });
  }, 600_000);
});
