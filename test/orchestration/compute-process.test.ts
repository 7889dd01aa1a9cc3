/**
 * The tensor process and its channel: results, failures, cancellation, death; the last through a real Temporal
 * server.
 */
import { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Heartbeat } from '../../contracts/messages.ts';
import { moduleFile } from '../../runtime/installation.ts';
import {
  ComputeCancelled,
  ComputeProcess,
  type ComputeProcessOptions,
} from '../../workers/compute-process.ts';
import { forwardersTo } from '../../workers/forward.ts';
import { openServer } from './harness.ts';

const module = fileURLToPath(new URL('./fake-compute-child.ts', import.meta.url));

/** Patient in all, but for what a test changes. */
function openProcess(changes: Partial<ComputeProcessOptions> = {}): ComputeProcess {
  return new ComputeProcess({
    module,
    deployment: {},
    graceMs: 1000,
    stallMs: 60_000,
    killMs: 10_000,
    ...changes,
  });
}

let folder: string;
let compute: ComputeProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'echoloop-test-'));
  compute = openProcess();
});
afterEach(async () => {
  await compute.close();
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

describe('ComputeProcess', () => {
  it('runs an activity in a process of its own, passes its progress on and stays warm', async () => {
    const beats: Heartbeat[] = [];
    const file = join(folder, 'steps');
    const first = await compute.run('pretrainPolicy', { file, stepMs: 1 }, never, (beat) => beats.push(beat));
    expect(first).toEqual({ steps: 10, pid: compute.pid });
    expect(compute.pid).not.toBe(process.pid);
    expect(beats.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const second = await compute.run('pretrainPolicy', { file }, never, () => undefined);
    expect(second).toEqual(first);
  });

  it('hands domain errors over with their code and details, and defects as they are', async () => {
    const failing = (input: object) => compute.run('fineTunePolicy', input, never, () => undefined);
    await expect(failing({ code: 'Diverged' })).rejects.toMatchObject({
      code: 'Diverged',
      details: { step: 3 },
    });
    const defect = (await failing({}).catch((error) => error)) as { message: string; code?: string };
    expect(defect.message).toBe('a defect');
    expect(defect.code).toBeUndefined();
    await expect(compute.run('nothing', {}, never, () => undefined)).rejects.toMatchObject({
      code: 'ConfigInvalid',
    });
  });

  it('says at once that it cannot serve', async () => {
    const broken = openProcess({ deployment: 'broken' });
    await expect(broken.ready()).rejects.toMatchObject({ code: 'BackendMissing' });
    await broken.close();
  });

  it('kills a process that hangs, so that the activity is tried again', async () => {
    const impatient = openProcess({ stallMs: 500 });
    await impatient.ready();
    const hung = impatient.run('predictShard', {}, never, () => undefined);
    await expect(hung).rejects.toMatchObject({ code: 'ComputeCrashed' });
    await impatient.close();
  });

  it('takes its host for unfit when a process cannot be killed, as one that a device holds in the kernel', async () => {
    const stuck = openProcess({ stallMs: 300, killMs: 200 });
    const { pid } = await stuck.ready();
    const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
    try {
      const unfit = { code: 'HostUnfit', message: expect.stringContaining(`process ${pid} was killed`) };
      await expect(stuck.run('predictShard', {}, never, () => undefined)).rejects.toMatchObject(unfit);
      await expect(stuck.ready()).rejects.toMatchObject(unfit);
      await stuck.close();
    } finally {
      kill.mockRestore();
      process.kill(pid, 'SIGKILL');
    }
  });

  it('says what it killed, when that was last seen to move, and nothing of memory', async () => {
    const impatient = openProcess({ stallMs: 500 });
    await impatient.ready();
    const run = impatient.run('fitRewardNetwork', {}, never, () => undefined);
    const hung: Error = await run.then(() => new Error('not reached')).catch((error) => error);
    expect(hung.message).toMatch(
      /fitRewardNetwork showed no progress for 0\.5 s, since 3 of 9 videos were prepared/,
    );
    expect(hung.message).not.toMatch(/memory/);
    await impatient.close();
  });

  it('leaves a process alone that prepares for longer than that, and passes on how far it is', async () => {
    const impatient = openProcess({ stallMs: 500 });
    await impatient.ready();
    const beats: Heartbeat[] = [];
    expect(await impatient.run('labelShard', {}, never, (beat) => beats.push(beat))).toBe('labelled');
    expect(beats.at(-1)?.preparing).toEqual({ done: 10, total: 10 });
    await impatient.close();
  });

  it('refuses a deployment that is none', async () => {
    const child = moduleFile('workers/compute-child');
    const deployment = { temporal: { tls: 'perhaps' }, s3: {} };
    const misled = openProcess({ module: child, deployment });
    await expect(misled.ready()).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('TEMPORAL_TLS'),
    });
    await misled.close();
  });

  it('lets a cancelled activity end by itself', async () => {
    const controller = new AbortController();
    const file = join(folder, 'steps');
    const run = compute.run('pretrainPolicy', { file }, controller.signal, () => controller.abort());
    await expect(run).rejects.toBeInstanceOf(ComputeCancelled);
    expect(existsSync(`${file}.cancelled`)).toBe(true);
  });

  it('kills a cancelled activity that does not listen, and starts a new process for the next', async () => {
    await compute.ready();
    const controller = new AbortController();
    const blocked = compute.run('predictShard', {}, controller.signal, () => undefined);
    const { pid } = compute;
    setImmediate(() => controller.abort());
    await expect(blocked).rejects.toBeInstanceOf(ComputeCancelled);
    await compute.run('pretrainPolicy', { file: join(folder, 'steps'), stepMs: 1 }, never, () => undefined);
    expect(compute.pid).not.toBe(pid);
  });

  it('takes nothing of a process that it gave up for the next, however soon that is asked for', async () => {
    const { pid } = await compute.ready();
    compute.abandon(new Error('The device failed'));
    expect((await compute.ready()).pid).not.toBe(pid);
    compute.abandon(new Error('The device failed'));
    const input = { file: join(folder, 'steps'), stepMs: 1 };
    expect(await compute.run('pretrainPolicy', input, never, () => undefined)).toMatchObject({ steps: 10 });
  });

  it('reports a killed process as a crash that is worth trying again', async () => {
    const run = compute.run('pretrainPolicy', { file: join(folder, 'steps') }, never, ({ step }) => {
      if (step === 2) process.kill(compute.pid!, 'SIGKILL');
    });
    await expect(run).rejects.toMatchObject({
      code: 'ComputeCrashed',
      message: expect.stringMatching(/memory/),
    });
  });
});

describe('a compute worker', () => {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await openServer();
  });
  afterAll(() => environment?.teardown());

  it('finishes an activity whose process was killed with -9, doing no step twice', async () => {
    const file = join(folder, 'steps');
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'crash-test',
      workflowsPath: new URL('./one-activity-workflow.ts', import.meta.url).pathname,
      activities: forwardersTo(compute, ['pretrainPolicy']),
      maxConcurrentActivityTaskExecutions: 1,
    });
    const result = await worker.runUntil(async () => {
      const handle = await environment.client.workflow.start('oneActivity', {
        workflowId: 'crash-test',
        taskQueue: 'crash-test',
        args: [{ file, stepMs: 200 }],
      });
      await expect
        .poll(() => existsSync(file) && readFileSync(file, 'utf8').length, { timeout: 30_000 })
        .toBe(3);
      process.kill(compute.pid!, 'SIGKILL');
      return handle.result();
    });
    expect(result).toMatchObject({ steps: 10 });
    expect(readFileSync(file, 'utf8')).toBe('0123456789');
  });
});
