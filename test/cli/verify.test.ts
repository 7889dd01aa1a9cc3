import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { makePhantomDataset } from '../../app/datasets/phantom-dataset.ts';
import { cliTimeout, runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: cliTimeout, hookTimeout: cliTimeout });

let home: string;
let data: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-verify-'));
  data = join(home, 'data');
  const videos = [1, 2, 3].map(() => ({ split: 'test' as const, labelled: true }));
  await makePhantomDataset({ out: data, domain: 'source', seed: 1, videos }, () => {});
});
afterAll(() => rm(home, { recursive: true, force: true }));

it('a sound folder leaves 0; every problem of a broken one is named, as a table and as JSON, and leaves 3', async () => {
  const sound = await runCli(['verify', data], home);
  expect(sound.code).toBe(0);
  expect(sound.stdout).toContain('3 videos checked: 0 errors, 0 warnings');
  const manifest = await readFile(join(data, 'manifest.csv'), 'utf8');
  const [, first, second] = manifest.trim().split('\n');
  const [bad, gone] = [first!.split(',')[2]!, second!.split(',')[2]!];
  await writeFile(join(data, 'videos', `${bad}.nii.gz`), 'no video');
  await rm(join(data, 'labels', `${gone}.nii.gz`));
  const table = await runCli(['verify', data], home);
  expect(table.code).toBe(3);
  for (const part of [bad, gone, 'unreadable', 'missing', '2 errors']) expect(table.stdout).toContain(part);
  const { code, stdout } = await runCli(['verify', data, '--json'], home);
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    videos: 3,
    errors: 2,
    problems: [
      { id: bad, reason: 'unreadable' },
      { id: gone, reason: 'missing', expected: expect.stringContaining('labels/'), found: 'none' },
    ],
  });
});
