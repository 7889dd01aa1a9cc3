import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { DomainError } from '../../ground/errors.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { IngestOutcome } from './ingest-videos.ts';
import { localFiles, type SourceFiles } from './source-files.ts';
import { readManifest } from './stored-dataset.ts';
import { watchFolder } from './watch-folder.ts';

const SETTLE_MS = 400;

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-watch-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const phantom = (index: number) => generatePhantom({ domain: 'target', seed: 4, index });

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await sleep(20);
  }
}

function startWatch(store: MemoryStore, folder: string, sources: SourceFiles = localFiles) {
  const ending = new AbortController();
  const batches: IngestOutcome[] = [];
  const skipped: string[] = [];
  const troubles: string[] = [];
  const totals = watchFolder(store, {
    ...{ dataset: 'd', keepNames: true, view: 'a4c', sources },
    paths: { paths: [folder] },
    settleMs: SETTLE_MS,
    signal: ending.signal,
    onBatch: (outcome) => batches.push(outcome),
    onSkipped: (files) => skipped.push(...files.map(({ file }) => file)),
    onTrouble: ({ code }) => troubles.push(code),
  });
  totals.catch(() => undefined);
  const end = () => {
    ending.abort();
    return totals;
  };
  return { batches, skipped, troubles, end };
}

it('takes a file once it has stopped growing, names what is no video once, and ends with its totals', async () => {
  const folder = join(home, 'growing');
  await mkdir(folder);
  await writeFile(join(folder, 'a.nii.gz'), writeGreyNifti(phantom(0).image));
  await writeFile(join(folder, 'notes.txt'), 'sent by hand');
  const store = new MemoryStore();
  let isGrowing = true;
  let looks = 0;
  const sources: SourceFiles = {
    ...localFiles,
    async list(path) {
      looks++;
      const files = await localFiles.list(path);
      return isGrowing ? files.map((file) => ({ ...file, bytes: looks })) : files;
    },
  };
  const { batches, skipped, end } = startWatch(store, folder, sources);
  await until(() => looks > 12);
  expect([batches, skipped]).toEqual([[], []]);
  isGrowing = false;
  await until(() => batches.length === 1);
  expect(batches[0]!.accepted).toMatchObject([{ id: 'a', isKnown: false }]);
  await writeFile(join(folder, 'b.nii.gz'), 'no video');
  await until(() => batches.length === 2);
  expect(batches[1]!.quarantined).toHaveLength(1);
  const seen = looks;
  await until(() => looks > seen + 8);
  expect(await end()).toMatchObject({ accepted: 1, quarantined: 1 });
  expect(batches).toHaveLength(2);
  expect(skipped).toEqual([join(folder, 'notes.txt')]);
  expect(await readManifest(store, 'd')).toHaveLength(1);
});

it('begun again it stores nothing twice, and takes what came meanwhile with the reference that came later', async () => {
  const folder = join(home, 'again');
  await mkdir(folder);
  const store = new MemoryStore();
  await writeFile(join(folder, 'a.nii.gz'), writeGreyNifti(phantom(0).image));
  const first = startWatch(store, folder);
  await until(() => first.batches.length === 1);
  await writeFile(join(folder, 'a_gt.nii.gz'), writeLabelNifti(phantom(0).labels));
  await until(() => first.batches.length === 2);
  expect(first.batches[1]!.accepted).toMatchObject([{ isKnown: false, labelled: true }]);
  await first.end();
  await writeFile(join(folder, 'b.nii.gz'), writeGreyNifti(phantom(1).image));
  const second = startWatch(store, folder);
  await until(() => second.batches.length === 1);
  expect(second.batches[0]!.accepted).toMatchObject([
    { id: 'a', isKnown: true },
    { id: 'b', isKnown: false },
  ]);
  expect(await second.end()).toMatchObject({ accepted: 1, quarantined: 0 });
});

it('a folder that is away for a while is told once and looked at again; what no waiting mends ends the watch', async () => {
  const folder = join(home, 'away');
  await mkdir(folder);
  await writeFile(join(folder, 'a.nii.gz'), writeGreyNifti(phantom(0).image));
  let failure: DomainError | undefined = new DomainError('StorageUnavailable', 'the bucket is away');
  const sources: SourceFiles = {
    ...localFiles,
    list: (path) => (failure ? Promise.reject(failure) : localFiles.list(path)),
  };
  const { batches, troubles, end } = startWatch(new MemoryStore(), folder, sources);
  await sleep(SETTLE_MS);
  expect(troubles).toEqual(['StorageUnavailable']);
  failure = undefined;
  await until(() => batches.length === 1);
  failure = new DomainError('AccessDenied', 'the key was taken away');
  await sleep(SETTLE_MS);
  await expect(end()).rejects.toMatchObject({ code: 'AccessDenied' });
});
