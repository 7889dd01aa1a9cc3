import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { handIn } from './hand-in.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-masks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What of a folder with these files, each of which holds its own name, becomes the mask of which video. */
async function handedIn(
  videos: readonly string[],
  names: readonly string[],
  { masks = folder, store = new MemoryStore() } = {},
) {
  for (const name of names) await writeFile(join(folder, name), name);
  const notes: string[] = [];
  const row = { name: 'theirs', system: 'folder', settings: {}, files: {}, masks };
  await handIn(row, { store, run: 'c', videos }, (text) => notes.push(text));
  const found: Record<string, string> = {};
  for (const id of videos) {
    const bytes = await store.get(comparisonKeys.givenMask('c', 'theirs', id));
    if (bytes) found[id] = new TextDecoder().decode(bytes);
  }
  return { found, notes };
}

describe('a folder of masks', () => {
  it('gives each video the file of its name, packed or not, with or without the suffix of a mask', async () => {
    const { found, notes } = await handedIn(['a', 'b', 'c'], ['a.nii.gz', 'b_mask.nii.gz', 'c.nii']);
    expect(found).toEqual({ a: 'a.nii.gz', b: 'b_mask.nii.gz', c: 'c.nii' });
    expect(notes).toEqual([]);
  });

  it('says of how many videos there is none, and which files are of no video', async () => {
    await mkdir(join(folder, 'b.nii.gz'));
    const { found, notes } = await handedIn(['a', 'b'], ['a.nii.gz', 'x.nii.gz', 'y.nii.gz', 'notes.txt']);
    expect(found).toEqual({ a: 'a.nii.gz' });
    expect(notes).toEqual([
      expect.stringContaining('1 of 2 test videos have no mask'),
      expect.stringMatching(/no test video has the name of 2 files in .*, such as x\.nii\.gz/),
    ]);
  });

  it.each([
    ['two files are of one video', ['a'], ['a.nii.gz', 'a_gt.nii.gz'], 'a.nii.gz and a_gt.nii.gz'],
    ['a file may be of two videos', ['a_gt', 'a_seg'], ['a.nii.gz'], 'a_gt or a_seg'],
  ])('is refused where %s', async (_, videos, names, said) => {
    await expect(handedIn(videos, names)).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringContaining(said),
    });
  });

  it('is refused where it is a file', async () => {
    const file = join(folder, 'a.nii.gz');
    await expect(handedIn(['a'], ['a.nii.gz'], { masks: file })).rejects.toMatchObject({
      code: 'DatasetInvalid',
    });
  });

  it('is refused where another file was handed in before, in words that say which', async () => {
    const store = new MemoryStore();
    await handedIn(['a'], ['a.nii.gz'], { store });
    await handedIn(['a'], ['a.nii.gz'], { store });
    await writeFile(join(folder, 'a.nii.gz'), 'drawn anew');
    await expect(handedIn(['a'], [], { store })).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringMatching(/is not what was handed in .* another --run-id/),
    });
  });

  it('is refused where fewer or more files were handed in before: some would be used, or not', async () => {
    const store = new MemoryStore();
    await handedIn(['a', 'b', 'c'], ['a.nii.gz', 'b.nii.gz'], { store });
    await expect(handedIn(['a', 'b', 'c'], ['c.nii.gz'], { store })).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining(folder),
    });
    expect(await store.get(comparisonKeys.givenMask('c', 'theirs', 'c'))).toBeUndefined();
  });
});
