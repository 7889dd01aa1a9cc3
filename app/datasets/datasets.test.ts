import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { noGeometryNote } from '../../datasets/default-header.ts';
import { metaImageHeader } from '../../datasets/metaimage.fixture.ts';
import { readGreyNifti, readLabelNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { plainLayout } from '../../datasets/nifti-layout.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { ingestVideos } from './ingest-videos.ts';
import { makePhantomDataset } from './phantom-dataset.ts';
import { planIngestion } from './plan-ingestion.ts';
import { readManifest } from './stored-dataset.ts';
import { resolveDataset, uploadDataset } from './upload-dataset.ts';
import { verifyNamed } from './verify-named.ts';

let folder: string;
let phantoms: string;
const request = {
  domain: 'source' as const,
  seed: 4,
  videos: [
    { split: 'train' as const, labelled: true },
    { split: 'train' as const, labelled: false },
  ],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-datasets-'));
  phantoms = join(folder, 'phantoms');
  await makePhantomDataset({ ...request, out: phantoms }, () => {});
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const phantomFiles = async () =>
  (await planIngestion({ paths: [join(phantoms, 'videos')] })).videos.map(({ file }) => file);

describe('phantom datasets', () => {
  it('are made once', async () => {
    expect(await makePhantomDataset({ ...request, out: phantoms }, () => {})).toEqual({ made: 0 });
    expect(await makePhantomDataset({ ...request, seed: 5, out: join(folder, 'other') }, () => {})).toEqual({
      made: 2,
    });
  });

  it('of another version of the phantoms are made anew', async () => {
    const out = join(folder, 'outdated');
    await makePhantomDataset({ ...request, out }, () => {});
    const mark = JSON.parse(await readFile(join(out, 'phantom.json'), 'utf8'));
    await writeFile(join(out, 'phantom.json'), JSON.stringify({ ...mark, version: mark.version - 1 }));
    expect(await makePhantomDataset({ ...request, out }, () => {})).toEqual({ made: 2 });
  });
});

describe('uploading a dataset', () => {
  it('makes every video an artefact and writes the manifest, twice without harm', async () => {
    const store = new MemoryStore();
    for (let time = 0; time < 2; time++)
      expect(await uploadDataset(store, phantoms, 'p')).toEqual({ videos: 2 });
    const rows = await readManifest(store, 'p');
    expect(rows.map((row) => row.labelled).sort()).toEqual([false, true]);
    for (const { id } of rows) expect(await findArtefact(store, datasetKeys.video('p', id))).toBeDefined();
  });

  it('names every file that the manifest has and the folder lacks', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken, { recursive: true });
    await copyFile(join(phantoms, 'manifest.csv'), join(broken, 'manifest.csv'));
    await expect(uploadDataset(new MemoryStore(), broken, 'b')).rejects.toThrow(
      /lacks[\s\S]*videos[\s\S]*labels/,
    );
  });

  it('takes the name of a stored dataset or a folder, and suggests names for anything else', async () => {
    const store = new MemoryStore();
    expect(await resolveDataset(store, phantoms, () => {})).toBe('phantoms');
    expect(await resolveDataset(store, 'phantoms', () => {})).toBe('phantoms');
    await expect(resolveDataset(store, 'phantom', () => {})).rejects.toThrow('Did you mean "phantoms"');
  });
});

describe('ingesting', () => {
  it('stores pixels and geometry under an id made from the content, and keeps the file name out', async () => {
    const store = new MemoryStore();
    const file = join(folder, 'Jane_Doe.nii.gz');
    const [video] = await phantomFiles();
    await copyFile(video!, file);
    const { accepted, quarantined } = await ingestVideos(store, await planIngestion({ paths: [file] }), {
      dataset: 'd',
      keepNames: false,
      view: 'a4c',
    });
    expect(quarantined).toEqual([]);
    expect(accepted[0]!.id).toMatch(/^video-[0-9a-f]{12}$/);
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys.join()).not.toContain('Jane');
    const bytes = await store.get(datasetKeys.video('d', accepted[0]!.id));
    expect(readGreyNifti(bytes!, 'x').frames).toBe(accepted[0]!.frames);
  });

  it('sets a bad file aside with its reason and goes on', async () => {
    const store = new MemoryStore();
    const bad = join(folder, 'Jane_Roe.dcm');
    await writeFile(bad, 'not a video');
    const good = (await phantomFiles())[0]!;
    const { accepted, quarantined } = await ingestVideos(store, await planIngestion({ paths: [bad, good] }), {
      dataset: 'd',
      keepNames: true,
      view: 'a4c',
    });
    expect(accepted).toHaveLength(1);
    expect(quarantined[0]).toMatchObject({ file: bad, code: 'FormatUnsupported' });
    const record = Buffer.from(
      (await store.get(datasetKeys.quarantine('d', quarantined[0]!.id)))!,
    ).toString();
    expect(record).not.toContain('Jane');
    expect(await readManifest(store, 'd')).toHaveLength(1);
  });

  it('keeps names out of the record of why, also those of single pictures and of pixels beside a header', async () => {
    const store = new MemoryStore();
    const home = join(folder, 'a');
    await mkdir(join(home, 'Jane_Roe'), { recursive: true });
    for (let i = 1; i <= 3; i++) await writeFile(join(home, 'Jane_Roe', `Jane_${i}.png`), 'not a picture');
    // A folder cannot be read as pixels, whoever tries; the fourth picture is gone by the time that it is read.
    await mkdir(join(home, 'pixels of Jane.raw'));
    const header = metaImageHeader({ dims: [4, 4, 2], spacing: [1, 1, 1], dataFile: 'pixels of Jane.raw' });
    await writeFile(join(home, 'clip.mhd'), header);
    const { videos } = await planIngestion({ paths: [home] });
    const pictures = [1, 2, 3, 4].map((i) => join(home, 'Jane_Roe', `Jane_${i}.png`));
    const series = { file: join(home, 'Jane_Roe'), name: 'Jane_Roe', pictures };
    const request = { dataset: 'd', keepNames: false, view: 'a4c' };
    const plan = { videos: [...videos, series] };
    const { quarantined } = await ingestVideos(store, plan, request);
    expect(quarantined.map(({ file }) => file)).toEqual([join(home, 'clip.mhd'), series.file]);
    expect(quarantined[0]!.message).toContain('clip.mhd: expected its pixels in the file beside it');
    expect(quarantined[1]!.message).toContain('Jane_4.png: there is no such file');
    for (const { id } of quarantined) {
      const record = Buffer.from((await store.get(datasetKeys.quarantine('d', id)))!).toString();
      expect(record).not.toMatch(/jane|roe/i);
      expect(record).toMatch(/there is no such file|in the file beside it/);
    }
  });

  it('stops when the store fails: no video is to blame, and what was stored is found again', async () => {
    const store = new MemoryStore();
    const files = await planIngestion({ paths: [join(phantoms, 'videos')] });
    const options = { dataset: 'd', keepNames: true, view: 'a4c' };
    const full = new DomainError('StorageUnavailable', 'the object store is full');
    const put = vi.spyOn(store, 'put').mockRejectedValue(full);
    await expect(ingestVideos(store, files, options)).rejects.toBe(full);
    put.mockRestore();
    const { accepted, quarantined } = await ingestVideos(store, files, options);
    expect(accepted).toHaveLength(files.videos.length);
    expect(quarantined).toEqual([]);
    for await (const { key } of store.list('datasets/d/quarantine/')) expect.fail(key);
  });

  it('keeps labels of the same name and adds to what the dataset has', async () => {
    const store = new MemoryStore();
    const files = await planIngestion({
      paths: [join(phantoms, 'videos')],
      labels: join(phantoms, 'labels'),
    });
    const options = { dataset: 'd', keepNames: true, view: 'a4c', split: 'test' as const };
    await ingestVideos(store, { videos: [files.videos[0]!] }, options);
    await ingestVideos(store, { videos: [files.videos[1]!] }, { ...options, split: 'train' });
    await ingestVideos(store, files, options);
    const rows = await readManifest(store, 'd');
    expect(rows.map((row) => row.split).sort()).toEqual(['test', 'train']);
    expect(rows.filter((row) => row.labelled)).toHaveLength(1);
  });

  it('takes a reference that was saved without geometry for one of its video, with a note', async () => {
    const store = new MemoryStore();
    const labels = join(folder, 'unplaced');
    await mkdir(labels);
    const [name] = await readdir(join(phantoms, 'labels'));
    const mask = readLabelNifti(await readFile(join(phantoms, 'labels', name!)), 'm');
    const saved = plainLayout({ ...mask, spacingMm: [1, 1], frameTimeMs: 1000 });
    await writeFile(join(labels, name!), writeLabelNifti(mask, saved));
    const plan = await planIngestion({ paths: [join(phantoms, 'videos', name!)], labels });
    const { accepted, quarantined } = await ingestVideos(store, plan, {
      dataset: 'd',
      keepNames: true,
      view: 'a4c',
    });
    expect(quarantined).toEqual([]);
    expect(accepted[0]!.notes).toContain(noGeometryNote);
    const stored = readLabelNifti((await store.get(datasetKeys.labels('d', accepted[0]!.id)))!, 'l');
    expect(stored.spacingMm).toEqual(mask.spacingMm);
    expect(stored.labels).toEqual(mask.labels);
  });

  it('says where it looked when there is nothing', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty, { recursive: true });
    await expect(planIngestion({ paths: [empty] })).rejects.toThrow(empty);
  });
});

it('a dataset that is not there is not verified as one without videos: the names that there are are said', async () => {
  const store = new MemoryStore();
  await uploadDataset(store, phantoms, 'hospital');
  const verifying = verifyNamed(
    'hospitl',
    async () => store,
    () => {},
  );
  await expect(verifying).rejects.toMatchObject({ code: 'DatasetInvalid' });
  await expect(verifying).rejects.toThrow('Did you mean "hospital"');
});

it.each([
  ['a folder without a manifest', () => `${folder}/`, 'DatasetInvalid', 'manifest.csv'],
  ['what cannot be a name', () => 'a name', 'ConfigInvalid', 'cannot name a dataset'],
])('%s is refused before a store is asked', async (_, of, code, says) => {
  const verifying = verifyNamed(
    of(),
    () => Promise.reject(new Error('no store is asked')),
    () => {},
  );
  await expect(verifying).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
});
