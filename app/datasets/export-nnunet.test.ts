import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatManifest, parseManifest } from '../../datasets/manifest.ts';
import { decodeNifti, readGreyNifti, readLabelNifti } from '../../datasets/nifti.ts';
import { withoutSurroundings } from '../../datasets/sector.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { exportNnUNet } from './export-nnunet.ts';
import { ingestVideos } from './ingest-videos.ts';
import { makePhantomDataset } from './phantom-dataset.ts';
import { planIngestion } from './plan-ingestion.ts';
import { readManifest } from './stored-dataset.ts';

let home: string;
let lab: string;
let hospital: string;
const noStore = () => Promise.reject(new Error('no store is asked'));

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-nnunet-'));
  lab = join(home, 'lab');
  hospital = join(home, 'hospital');
  const train = { split: 'train' as const, labelled: true };
  const val = { ...train, split: 'val' as const };
  const videos = [train, train, val, val];
  await makePhantomDataset({ out: lab, domain: 'source', seed: 3, videos }, () => {});
  const test = { split: 'test' as const, labelled: true };
  await makePhantomDataset({ out: hospital, domain: 'target', seed: 3, videos: [test] }, () => {});
  // Of the second video frames 1 and 4 alone are drawn, of the third one none.
  const manifest = join(lab, 'manifest.csv');
  const [first, second, third, fourth] = parseManifest(await readFile(manifest, 'utf8'));
  const rows = [
    first!,
    { ...second!, annotatedFrames: [1, 4] },
    { ...third!, study: 'other', split: 'train' as const, labelled: false },
    fourth!,
  ];
  await writeFile(manifest, formatManifest(rows));
});
afterAll(() => rm(home, { recursive: true, force: true }));

it('an export has what nnU-Net asks for: annotated training videos with masks, test videos without', async () => {
  const out = join(home, 'nnUNet_raw', 'Dataset101_Lab');
  const made = await exportNnUNet({ training: lab, test: hospital, out }, noStore);
  expect(made).toMatchObject({ training: 2, test: 1, problems: [] });
  const rows = parseManifest(await readFile(join(lab, 'manifest.csv'), 'utf8'));
  const [, second] = rows.map(({ id }) => id);
  const trained = rows.slice(0, 2).map(({ id }) => id);
  expect((await readdir(out)).sort()).toEqual(['dataset.json', 'imagesTr', 'imagesTs', 'labelsTr']);
  const [images, masks] = await Promise.all(['imagesTr', 'labelsTr'].map((name) => readdir(join(out, name))));
  expect(images!.sort()).toEqual(trained.map((id) => `${id}_0000.nii.gz`).sort());
  expect(masks!.sort()).toEqual(trained.map((id) => `${id}.nii.gz`).sort());
  const [tested] = parseManifest(await readFile(join(hospital, 'manifest.csv'), 'utf8'));
  expect(await readdir(join(out, 'imagesTs'))).toEqual([`${tested!.id}_0000.nii.gz`]);
  const json = JSON.parse(await readFile(join(out, 'dataset.json'), 'utf8'));
  expect(json).toMatchObject({
    channel_names: { 0: 'ultrasound' },
    labels: { background: 0, left_ventricle: 1, myocardium: 2, ignore: 3 },
    numTraining: 2,
    file_ending: '.nii.gz',
  });
  const mask = decodeNifti(await readFile(join(out, 'labelsTr', `${second}.nii.gz`)), 'mask');
  expect(mask.layout.pixDims.slice(1, 4)).toEqual([
    Math.fround(rows[1]!.spacingColumnMm),
    Math.fround(rows[1]!.spacingRowMm),
    1,
  ]);
  const pixels = mask.geometry.rows * mask.geometry.columns;
  const isIgnored = (frame: number) =>
    mask.data.subarray(frame * pixels, (frame + 1) * pixels).every((label) => label === 3);
  expect([0, 1, 2, 3, 4].map(isIgnored)).toEqual([true, false, true, true, false]);
});

it('what was exported is read back as it was: pixels, labels and what they know, frame times, patients, splits', async () => {
  const out = join(home, 'Dataset102_Lab');
  await exportNnUNet({ training: lab, test: hospital, out }, noStore);
  const store = new MemoryStore();
  const plan = await planIngestion({ paths: [out] });
  expect([plan.collection, plan.skipped]).toEqual(['nnU-Net', []]);
  const request = { dataset: 'd', keepNames: true, view: 'a2c' };
  expect((await ingestVideos(store, plan, request)).quarantined).toEqual([]);
  const sent = [
    ...parseManifest(await readFile(join(lab, 'manifest.csv'), 'utf8')).slice(0, 2),
    ...parseManifest(await readFile(join(hospital, 'manifest.csv'), 'utf8')).slice(0, 1),
  ];
  const back = await readManifest(store, 'd');
  expect(back).toHaveLength(3);
  for (const { study, ...row } of sent) {
    const found = back.find(({ id }) => id === row.id)!;
    const { labelled, split, ...facts } = row;
    expect(found).toMatchObject(facts);
    expect(found.labelled).toBe(split === 'train');
    expect(found.split).toBe(split);
    const folder = split === 'test' ? hospital : lab;
    const file = await readFile(join(folder, 'videos', `${row.id}.nii.gz`));
    const { video } = withoutSurroundings(readGreyNifti(file, 'sent'));
    const stored = readGreyNifti((await store.get(datasetKeys.video('d', row.id)))!, 'back');
    expect(stored.intensities).toEqual(video.intensities);
    if (split === 'test') continue;
    const labels = readLabelNifti(await readFile(join(folder, 'labels', `${row.id}.nii.gz`)), 'sent');
    const known = readLabelNifti((await store.get(datasetKeys.labels('d', row.id)))!, 'back');
    const pixels = labels.rows * labels.columns;
    const expected = labels.labels.map((label, i) =>
      row.annotatedFrames?.includes(Math.floor(i / pixels)) === false ? 0 : label,
    );
    expect(known.labels).toEqual(expected);
  }
  // Both phantoms of the lab are one patient, whose name became a keyed hash.
  const studies = sent.map(({ id }) => back.find((row) => row.id === id)!.study);
  expect(studies[0]).toBe(studies[1]);
  expect(studies[0]).not.toBe(studies[2]);
});

it('a video that cannot be read is left out with its reason, and the others are written', async () => {
  const damaged = join(home, 'damaged');
  for (const folder of ['videos', 'labels']) {
    await mkdir(join(damaged, folder), { recursive: true });
    for (const file of await readdir(join(lab, folder)))
      await copyFile(join(lab, folder, file), join(damaged, folder, file));
  }
  await copyFile(join(lab, 'manifest.csv'), join(damaged, 'manifest.csv'));
  const [first] = parseManifest(await readFile(join(lab, 'manifest.csv'), 'utf8'));
  await writeFile(join(damaged, 'labels', `${first!.id}.nii.gz`), 'no mask');
  const out = join(home, 'Dataset103_Damaged');
  const made = await exportNnUNet({ training: damaged, test: hospital, out }, noStore);
  expect(made).toMatchObject({ training: 1, problems: [{ file: first!.id, code: 'FormatUnsupported' }] });
  expect(await readdir(join(out, 'imagesTr'))).toHaveLength(1);
  expect(JSON.parse(await readFile(join(out, 'dataset.json'), 'utf8')).numTraining).toBe(1);
});

it('goes on where an export was killed, and never mixes two', async () => {
  const out = join(home, 'Dataset104_Again');
  await mkdir(join(out, 'imagesTr'), { recursive: true });
  const [first] = parseManifest(await readFile(join(lab, 'manifest.csv'), 'utf8'));
  await writeFile(join(out, 'imagesTr', `${first!.id}_0000.nii.gz.0a-1b.part`), 'half');
  await exportNnUNet({ training: lab, test: hospital, out }, noStore);
  expect(await readdir(join(out, 'imagesTr'))).toHaveLength(2);
  await writeFile(join(out, 'labelsTr', 'other.nii.gz'), 'of another dataset');
  await expect(exportNnUNet({ training: lab, test: hospital, out }, noStore)).rejects.toThrow(
    /other\.nii\.gz is no case of this export/,
  );
});

it.each([
  ['a folder that nnU-Net does not find', 'lab', 'lab', /Dataset101_Echo/],
  ['a dataset that is not there', 'nowhere', 'Dataset105_None', /There is no dataset nowhere/],
  ['a dataset without a training video', 'empty', 'Dataset105_Empty', /no annotated video/],
])('refuses %s', async (_, training, folder, message) => {
  const empty = join(home, 'empty');
  await mkdir(empty, { recursive: true });
  await writeFile(join(empty, 'manifest.csv'), formatManifest([]));
  const named = training === 'nowhere' ? training : join(home, training);
  const request = { training: named, test: lab, out: join(home, folder) };
  await expect(exportNnUNet(request, async () => new MemoryStore())).rejects.toThrow(message);
});
