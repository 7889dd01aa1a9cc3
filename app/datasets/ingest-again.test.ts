/** What a dataset has seen before: known by its content, stored once, set aside once, tried again when asked. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dicomFixture } from '../../datasets/dicom.fixture.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { type IngestRequest, ingestVideos } from './ingest-videos.ts';
import { planIngestion } from './plan-ingestion.ts';
import { readManifest } from './stored-dataset.ts';

let home: string;
let first: string;
let second: string;
let bad: string;
const { image, labels } = generatePhantom({ domain: 'target', seed: 3, index: 0 });

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-again-'));
  first = join(home, 'first.nii.gz');
  second = join(home, 'second.nii.gz');
  bad = join(home, 'Jane_Roe.nii.gz');
  await writeFile(first, writeGreyNifti(image));
  await writeFile(second, writeGreyNifti(generatePhantom({ domain: 'target', seed: 3, index: 1 }).image));
  await writeFile(bad, 'not a video');
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function ingest(
  store: MemoryStore,
  paths: readonly string[],
  options: Partial<IngestRequest> = {},
  masks?: string,
) {
  const plan = await planIngestion({ paths, labels: masks });
  return ingestVideos(store, plan, { dataset: 'd', keepNames: false, view: 'a4c', ...options });
}

const keysOf = async (store: MemoryStore, prefix: string) => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

describe('a recording that the dataset has', () => {
  it('is known whatever it is called, stored once, and keeps its row', async () => {
    const store = new MemoryStore();
    const { accepted } = await ingest(store, [first], { split: 'test' });
    expect(accepted[0]!.isKnown).toBe(false);
    const copy = join(home, 'copy.nii.gz');
    await copyFile(first, copy);
    const put = vi.spyOn(store, 'put');
    const again = await ingest(store, [first, copy], { split: 'train', view: 'a2c', keepNames: true });
    expect(again.accepted.map(({ isKnown, id }) => [isKnown, id])).toEqual([
      [true, accepted[0]!.id],
      [true, accepted[0]!.id],
    ]);
    expect(put).not.toHaveBeenCalled();
    expect(await readManifest(store, 'd')).toMatchObject([{ split: 'test', view: 'a4c' }]);
  });

  it('comes once out of one plan that has it twice', async () => {
    const store = new MemoryStore();
    const copy = join(home, 'twice.nii.gz');
    await copyFile(first, copy);
    const { accepted } = await ingest(store, [first, copy, second], { keepNames: true });
    expect(accepted.map(({ isKnown }) => isKnown).filter(Boolean)).toHaveLength(1);
    expect(await readManifest(store, 'd')).toHaveLength(2);
  });

  it('is not read again, and says when it was stored with another pixel size than is given now', async () => {
    const store = new MemoryStore();
    await ingest(store, [first]);
    const [video] = (await ingest(store, [first], { reading: { spacingMm: [9, 9] } })).accepted;
    expect(video!.isKnown).toBe(true);
    expect(video!.notes.join()).toContain('what was given now was not used');
    expect(video!.spacingRowMm).toBeCloseTo(image.spacingMm[0], 5);
  });

  it('gets the reference that comes later', async () => {
    const store = new MemoryStore();
    await ingest(store, [first]);
    const masks = join(home, 'masks');
    await mkdir(masks, { recursive: true });
    await writeFile(join(masks, 'first.nii.gz'), writeLabelNifti(labels));
    const later = await ingest(store, [first], {}, masks);
    expect(later.accepted[0]).toMatchObject({ isKnown: false, labelled: true });
    expect(await readManifest(store, 'd')).toMatchObject([{ labelled: true }]);
    expect((await ingest(store, [first], {}, masks)).accepted[0]!.isKnown).toBe(true);
  });

  it('is found by an ingestion that goes on where a killed one left no manifest', async () => {
    const store = new MemoryStore();
    await ingest(store, [first]);
    for (const key of await keysOf(store, 'datasets/d/manifest')) await store.delete(key);
    const { accepted } = await ingest(store, [first, second]);
    expect(accepted.map(({ isKnown }) => isKnown)).toEqual([true, false]);
    expect(await readManifest(store, 'd')).toHaveLength(2);
  });
});

describe('a file that was set aside', () => {
  it('keeps its reason without being read again, until something else is asked for', async () => {
    const store = new MemoryStore();
    const mask = join(home, 'mask.nii.gz');
    const intensities = Float32Array.from(labels.labels, (label) => label / 255);
    await writeFile(mask, writeGreyNifti({ ...image, intensities }));
    const [before] = (await ingest(store, [mask])).quarantined;
    expect(before!.reasons).toEqual(['few-levels']);
    const put = vi.spyOn(store, 'put');
    expect((await ingest(store, [mask])).quarantined[0]).toEqual(before);
    expect(put).not.toHaveBeenCalled();
    put.mockRestore();
    expect((await ingest(store, [mask], { force: ['few-levels'] })).accepted).toHaveLength(1);
    expect(await keysOf(store, datasetKeys.quarantines('d'))).toEqual([]);
  });

  it('for its name alone is taken once names are not kept', async () => {
    const store = new MemoryStore();
    const other = join(home, 'other', 'first.nii.gz');
    await mkdir(join(home, 'other'), { recursive: true });
    await copyFile(second, other);
    await ingest(store, [first], { keepNames: true });
    const [taken] = (await ingest(store, [other], { keepNames: true })).quarantined;
    expect(taken!.message).toContain('Give the changed video another id');
    expect((await ingest(store, [other])).accepted).toMatchObject([{ isKnown: false }]);
  });

  it('is tried again when that is asked for', async () => {
    const store = new MemoryStore();
    const [before] = (await ingest(store, [bad])).quarantined;
    const key = datasetKeys.quarantine('d', before!.id);
    const record = JSON.parse(Buffer.from((await store.get(key))!).toString());
    expect(JSON.stringify(record)).not.toContain('Jane');
    await store.put(key, Buffer.from(JSON.stringify({ ...record, reason: 'of an earlier version' })));
    expect((await ingest(store, [bad])).quarantined[0]!.message).toBe('of an earlier version');
    const [again] = (await ingest(store, [bad], { retryQuarantine: true })).quarantined;
    expect(again).toEqual(before);
  });
});

it('reports beside recordings are skipped and named for what they are', async () => {
  const report = join(home, 'SR000001');
  await writeFile(
    report,
    dicomFixture({ rows: 1, columns: 1, frames: 1, sopClass: '1.2.840.10008.5.1.4.1.1.88.33' }),
  );
  const store = new MemoryStore();
  const { accepted, quarantined, skipped } = await ingest(store, [first, report]);
  expect([accepted.length, quarantined]).toEqual([1, []]);
  expect(skipped).toEqual([{ file: report, reason: expect.stringMatching(/^this is a report/) }]);
  expect(await keysOf(store, datasetKeys.quarantines('d'))).toEqual([]);
});

it('an aborted signal ends it between two videos, with all that was done in the manifest', async () => {
  const store = new MemoryStore();
  const ending = new AbortController();
  const copies = await Promise.all(
    [4, 5, 6].map(async (index) => {
      const file = join(home, `more-${index}.nii.gz`);
      await writeFile(file, writeGreyNifti(generatePhantom({ domain: 'target', seed: 3, index }).image));
      return file;
    }),
  );
  const { accepted, left } = await ingest(store, [first, second, ...copies], {
    signal: ending.signal,
    onProgress: () => ending.abort(),
  });
  expect(accepted.length + left).toBe(5);
  expect(left).toBeGreaterThan(0);
  expect(await readManifest(store, 'd')).toHaveLength(accepted.length);
});

it('a patient whose name makes no study keeps no other video out of the manifest', async () => {
  const store = new MemoryStore();
  const { videos } = await planIngestion({ paths: [first, second] });
  const named = videos.map((video, i) => ({ ...video, patient: ['Ümit', 'P 2'][i]! }));
  const request = { dataset: 'd', keepNames: true, view: 'a4c' };
  const { accepted } = await ingestVideos(store, { videos: named }, request);
  expect(accepted.map(({ study }) => study)).toEqual([
    expect.stringMatching(/^patient-[0-9a-f]{16}$/),
    'P-2',
  ]);
  expect(await readManifest(store, 'd')).toHaveLength(2);
});

it('a view that no manifest can hold is refused before anything is read; capital letters are none of its faults', async () => {
  const store = new MemoryStore();
  await expect(ingest(store, [first], { view: 'apical 4' })).rejects.toMatchObject({ code: 'ConfigInvalid' });
  expect(await keysOf(store, '')).toEqual([]);
  const { accepted } = await ingest(store, [first], { view: 'A2C' });
  expect(accepted[0]!.view).toBe('a2c');
});
