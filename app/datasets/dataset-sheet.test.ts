import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryStore } from '../../storage/memory-store.ts';
import { listDatasets, writeDatasetSheet } from './dataset-sheet.ts';
import { ingestVideos } from './ingest-videos.ts';
import { makePhantomDataset } from './phantom-dataset.ts';
import { planIngestion } from './plan-ingestion.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-sheet-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

it('a sheet has every stored video under its keyed id and what was set aside, and no name of a file', async () => {
  const phantoms = join(home, 'phantoms');
  const videos = [1, 2].map(() => ({ split: 'train' as const, labelled: true }));
  await makePhantomDataset({ out: phantoms, domain: 'source', seed: 2, videos }, () => {});
  const bad = join(home, 'Jane_Roe.dcm');
  await writeFile(bad, 'not a video');
  const store = new MemoryStore();
  const plan = await planIngestion({
    paths: [join(phantoms, 'videos'), bad],
    labels: join(phantoms, 'labels'),
  });
  const { accepted } = await ingestVideos(store, plan, { dataset: 'd', keepNames: false, view: 'a4c' });
  const out = join(home, 'sheet.html');
  const found = await writeDatasetSheet('d', out, async () => store);
  expect(found).toEqual({ videos: 2, errors: 0, warnings: 0, quarantined: 1 });
  const page = await readFile(out, 'utf8');
  for (const { id } of accepted) expect(page).toContain(id);
  expect(page.match(/<img /g)).toHaveLength(2);
  expect(page).toContain('Set aside (1)');
  expect(page).not.toMatch(/Jane|phantom-source/);
  expect(await listDatasets(store)).toEqual([
    { dataset: 'd', videos: 2, labelled: 2, patients: 2, quarantined: 1 },
  ]);
  const folder = await writeDatasetSheet(phantoms, out, () => Promise.reject(new Error('no store is asked')));
  expect(folder).toMatchObject({ videos: 2, quarantined: 0 });
});

it('a dataset that is not there has no sheet', async () => {
  const out = join(home, 'none.html');
  await expect(writeDatasetSheet('none', out, async () => new MemoryStore())).rejects.toThrow(
    /There is no dataset none/,
  );
  await expect(readFile(out)).rejects.toMatchObject({ code: 'ENOENT' });
});
