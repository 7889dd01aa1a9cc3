import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pairFiles } from './pair-files.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-pairs-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function folder(name: string, files: readonly string[]): Promise<string> {
  const path = join(home, name);
  await mkdir(path, { recursive: true });
  for (const file of files) await writeFile(join(path, file), '');
  return path;
}

it('pairs names that differ in the suffixes of CAMUS and nnU-Net alone, the very name first', async () => {
  const predictions = await folder('p', ['a.nii.gz', 'case_0000.nii.gz', 'c.nii.gz', 'alone.nii.gz']);
  const references = await folder('r', ['a_gt.nii.gz', 'case.nii.gz', 'c.nii.gz', 'c_gt.nii.gz']);
  const { pairs, problems } = await pairFiles({ predictions, references });
  expect(pairs.map(({ id, reference }) => [id, reference?.slice(references.length + 1)])).toEqual([
    ['a', 'a_gt.nii.gz'],
    ['c', 'c.nii.gz'],
    ['case_0000', 'case.nii.gz'],
  ]);
  expect(problems.map(({ file }) => file.slice(home.length + 1))).toEqual([
    'p/alone.nii.gz',
    'r/c_gt.nii.gz',
  ]);
});
