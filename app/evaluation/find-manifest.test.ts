import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findManifest } from './find-manifest.ts';

let home: string;
let folders: { predictions: string; references: string };
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-manifest-'));
  folders = { predictions: join(home, 'masks'), references: join(home, 'data', 'labels') };
  await mkdir(folders.predictions);
  await mkdir(folders.references, { recursive: true });
});
afterEach(() => rm(home, { recursive: true, force: true }));

test('any table with the columns id, study and view will do, whatever else it has', async () => {
  const table = join(home, 'views.csv');
  await writeFile(table, '\ufeffview, id,age,study\r\nA4C,a,63,p1\r\n\r\na2c,b,63,p1\r\n');
  expect([...(await findManifest(folders, table))]).toEqual([
    ['a', { study: 'p1', view: 'a4c' }],
    ['b', { study: 'p1', view: 'a2c' }],
  ]);
});

test('a manifest lies in, or one above, the folders; one of other columns there is not meant', async () => {
  expect((await findManifest(folders, undefined)).size).toBe(0);
  await writeFile(join(home, 'data', 'manifest.csv'), 'file,bytes\na.nii.gz,352\n');
  expect((await findManifest(folders, undefined)).size).toBe(0);
  await writeFile(join(folders.predictions, 'manifest.csv'), 'id,study,view\na,p1,a4c\n');
  expect((await findManifest(folders, undefined)).get('a')).toEqual({ study: 'p1', view: 'a4c' });
});

test('a named table without the columns, with a short line or the same id again is refused by name and line', async () => {
  const table = join(home, 'views.csv');
  for (const [text, message] of [
    ['', /views\.csv: expected a first line/],
    ['id,view\na,a4c\n', /views\.csv: expected a first line/],
    ['id,study,view\na,p1,a4c\nb,p1\n', /views\.csv: line 3/],
    ['id,study,view\na,p1,a4c\na,p2,a4c\n', /views\.csv: line 3/],
    ['id,study,view\na,,a4c\n', /views\.csv: line 2/],
  ] as const) {
    await writeFile(table, text);
    await expect(findManifest(folders, table)).rejects.toThrow(message);
  }
});

test('what is wrong with a line is said without what stands in it, which may name a patient', async () => {
  const table = join(home, 'views.csv');
  for (const [line, found] of [
    ['Doe^Jane,p1', 'found 1 fewer'],
    ['Doe^Jane,p1,a4c,more', 'found 1 more'],
    ['Doe^Jane,,a4c', 'found one of the three empty'],
    ['a,Doe^Jane,a4c', 'found the id of an earlier line'],
  ] as const) {
    await writeFile(table, `id,study,view\na,p1,a4c\n${line}\n`);
    const refused = findManifest(folders, table);
    await expect(refused).rejects.toThrow(`line 3: expected 3 cells`);
    await expect(refused).rejects.toThrow(found);
    await expect(refused).rejects.not.toThrow('Doe');
  }
});
