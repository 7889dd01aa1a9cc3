/** `echoloop datasets export` on folders: it needs no service. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { makePhantomDataset } from '../../app/datasets/phantom-dataset.ts';
import { cliTimeout, runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: cliTimeout });

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-export-'));
  const train = { split: 'train' as const, labelled: true };
  await makePhantomDataset(
    { out: join(home, 'lab'), domain: 'source', seed: 1, videos: [train, train] },
    () => {},
  );
});
afterAll(() => rm(home, { recursive: true, force: true }));

it('writes an nnU-Net dataset and says what is in it; videos that cannot be read leave exit code 3', async () => {
  const asked = ['datasets', 'export', join(home, 'lab'), '--out', join(home, 'Dataset007_Lab'), '--json'];
  const whole = await runCli(asked, home);
  expect(whole.code).toBe(0);
  const labels = { background: 0, left_ventricle: 1, myocardium: 2 };
  expect(JSON.parse(whole.stdout)).toMatchObject({ training: 2, test: 0, labels });
  const id = 'phantom-source-1-0000-a4c';
  await writeFile(join(home, 'lab', 'videos', `${id}.nii.gz`), 'no video');
  const partial = await runCli(asked, home);
  expect(partial.code).toBe(3);
  expect(JSON.parse(partial.stdout)).toMatchObject({ training: 1, problems: [{ file: id }] });
  expect(partial.stderr).toContain(id);
  const json = JSON.parse(await readFile(join(home, 'Dataset007_Lab', 'dataset.json'), 'utf8'));
  expect(json.numTraining).toBe(1);
});

it('refuses a folder that nnU-Net would not find', async () => {
  const { code, stdout } = await runCli(
    ['datasets', 'export', join(home, 'lab'), '--out', join(home, 'lab-for-nnunet'), '--json'],
    home,
  );
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'ConfigInvalid', message: expect.stringContaining('Dataset101_Echo') },
  });
});
