import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryStore } from '../../storage/memory-store.ts';
import { addTinyDatasets, tinyConfig } from '../../test/orchestration/tiny-run.ts';
import { checkRows } from './check-rows.ts';
import { compare } from './compare.ts';
import { type RequestedRow, rowsOfSpecs } from './row-specs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-rows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const row = (name: string, system: string, given: Partial<RequestedRow> = {}): RequestedRow => ({
  name,
  system,
  settings: {},
  files: {},
  ...given,
});

it.each([
  ['masks, where it is made of them', row('a', 'folder'), '"masks"'],
  ['a second expert', row('a', 'inter-expert', { masks: '.' }), '"references"'],
  ['no references of its own, where it competes', row('a', 'unet3d', { references: '.' }), 'scored against'],
  [
    'no references of its own, where it competes',
    row('a', 'folder', { masks: '.', references: '.' }),
    'scored',
  ],
])('a row needs %s', async (_, asked, said) => {
  await expect(checkRows([asked])).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining(said),
  });
});

it('nothing is stored of rows of which two have one name', async () => {
  const store = new MemoryStore();
  const { target } = await addTinyDatasets(store);
  await writeFile(join(folder, `${target.at(-1)}.nii.gz`), 'a mask');
  const rows = ['x', 'x'].map((name) => row(name, 'folder', { masks: folder }));
  await expect(
    compare({ client: {} as Client, store }, { config: tinyConfig(), rows, run: 'twice' }),
  ).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('its own name') });
  for await (const { key } of store.list('runs/')) expect.fail(key);
});

it('a folder gives its row a title that fits, whatever it is called', () => {
  const [long, here] = rowsOfSpecs([`folder=a/${'t'.repeat(100)}`, 'folder=.']);
  expect(long!.settings).toEqual({ title: 't'.repeat(80) });
  expect(here!.settings).toEqual({ title: expect.stringMatching(/^[^.]/) });
});
