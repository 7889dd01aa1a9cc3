/** `ingest` as a process of its own, with a store: from a bucket, and watching a folder until Ctrl-C. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readManifest } from '../../app/datasets/stored-dataset.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { commandScript } from '../../runtime/installation.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { openStore } from '../../storage/open-store.ts';
import { ensureBucket } from '../../storage/s3-bucket.ts';
import { S3Store } from '../../storage/s3-store.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { cliTimeout } from './run-cli.ts';

vi.setConfig({ testTimeout: cliTimeout, hookTimeout: cliTimeout });

let home: string;
let embedded: Embedded;
let store: ObjectStore;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-ingest-'));
  // Ingestion needs the store alone.
  const deployment = deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' });
  embedded = await startEmbedded({ deployment, log: () => undefined });
  store = openStore(embedded.deployment);
});
afterAll(async () => {
  await embedded?.stop();
  await rm(home, { recursive: true, force: true });
});

const phantom = (index: number) => generatePhantom({ domain: 'target', seed: 8, index });

function startIngest(...args: string[]) {
  const child = spawn(process.execPath, [commandScript, 'ingest', ...args, '--json'], {
    env: { ...process.env, ...embedded.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: cliTimeout,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({
    code,
    answer: stdout && JSON.parse(stdout),
    stderr,
  }));
  return { child, ended };
}

it('takes the recordings of a prefix in a bucket, with their references', async () => {
  const archive = { ...embedded.deployment.s3, bucket: 'archive' };
  await ensureBucket(archive);
  const bucket = new S3Store(archive);
  const { image, labels } = phantom(0);
  await bucket.put('echo/2026/a.nii.gz', writeGreyNifti(image));
  await bucket.put('echo/2026/a_gt.nii.gz', writeLabelNifti(labels));
  await bucket.put('echo/2026/b.nii.gz', writeGreyNifti(phantom(1).image));
  await bucket.put('echo/2025/c.nii.gz', writeGreyNifti(phantom(2).image));
  const { ended } = startIngest('s3://archive/echo/2026', '--dataset', 'bucket', '--keep-names');
  const { code, answer, stderr } = await ended;
  expect([code, answer.quarantined]).toEqual([0, []]);
  expect(answer.accepted).toMatchObject([
    { file: 's3://archive/echo/2026/a.nii.gz', id: 'a', labelled: true, isKnown: false },
    { id: 'b', labelled: false },
  ]);
  expect(answer.rate).toMatchObject({
    perSecond: expect.any(Number),
    mebibytesPerSecond: expect.any(Number),
  });
  expect(stderr).toMatch(/2 of 2 videos, .* videos\/s, .* MiB\/s/);
  const none = await startIngest('s3://archive/nothing', '--dataset', 'bucket').ended;
  expect([none.code, none.answer.error.code]).toEqual([3, 'DatasetInvalid']);
});

it('watches a folder, and ends with 0 on Ctrl-C, all that came in the manifest', async () => {
  const folder = join(home, 'inbox');
  await mkdir(folder);
  await writeFile(join(folder, 'a.nii.gz'), writeGreyNifti(phantom(0).image));
  const { child, ended } = startIngest(folder, '--dataset', 'inbox', '--watch', '--settle-seconds', '0.5');
  const stored = async (count: number) => {
    for (;;) {
      let found = 0;
      for await (const _ of store.list(datasetKeys.sources('inbox'))) found++;
      if (found >= count) return;
      await sleep(100);
    }
  };
  await stored(1);
  await writeFile(join(folder, '.b.part'), writeGreyNifti(phantom(1).image));
  await rename(join(folder, '.b.part'), join(folder, 'b.nii.gz'));
  await stored(2);
  child.kill('SIGINT');
  const { code, answer } = await ended;
  expect(code).toBe(0);
  expect(answer).toMatchObject({ dataset: 'inbox', watched: { accepted: 2, quarantined: 0 } });
  expect(await readManifest(store, 'inbox')).toHaveLength(2);
});
