import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limits } from '../../datasets/limits.ts';
import { metaImageHeader } from '../../datasets/metaimage.fixture.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { ingestVideos } from './ingest-videos.ts';
import { planIngestion } from './plan-ingestion.ts';
import { localFiles, sourceFiles } from './source-files.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-sources-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const { image, labels } = generatePhantom({ domain: 'target', seed: 6, index: 0 });

async function archive(objects: Readonly<Record<string, Uint8Array>>) {
  const bucket = new MemoryStore();
  for (const [key, bytes] of Object.entries(objects)) await bucket.put(key, bytes);
  const opened: string[] = [];
  const sources = sourceFiles(async (name) => {
    opened.push(name);
    return bucket;
  });
  return { sources, opened };
}

it('a prefix is a folder: what lies below it, no neighbour of a longer name, nothing hidden', async () => {
  const one = new Uint8Array(1);
  const { sources, opened } = await archive({
    'echo/b/2.dcm': one,
    'echo/a.dcm': one,
    'echo/.DS_Store': one,
    'echo/empty/': new Uint8Array(),
    'echo-old/x.dcm': one,
  });
  for (const address of ['s3://archive/echo', 's3://archive/echo/']) {
    const files = await sources.list(address);
    expect(files.map(({ path }) => path)).toEqual(['s3://archive/echo/a.dcm', 's3://archive/echo/b/2.dcm']);
  }
  expect(await sources.list('s3://archive')).toHaveLength(3);
  expect(await sources.list('s3://archive/echo/a.dcm')).toMatchObject([
    { path: 's3://archive/echo/a.dcm', bytes: 1 },
  ]);
  expect(opened).toEqual(['archive']);
  await expect(sources.read('s3://archive/echo/gone.dcm')).rejects.toThrow(/no such object/);
  await expect(sources.list('s3://')).rejects.toMatchObject({ code: 'ConfigInvalid' });
});

it('recordings of a bucket come in as those of a folder do: pairs, files beside a header, ids by content', async () => {
  const raw = Uint8Array.from(image.intensities, (value) => Math.round(value * 255));
  const dims = [image.columns, image.rows, image.frames];
  const spacing = [image.spacingMm[1], image.spacingMm[0], 0.03];
  const files = {
    'v.nii.gz': writeGreyNifti(image),
    'v_gt.nii.gz': writeLabelNifti(labels),
    'w.mhd': metaImageHeader({ dims, spacing, dataFile: 'w.raw' }),
    'w.raw': raw.map((value) => 255 - value),
  };
  const folder = join(home, 'folder');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const { sources } = await archive(
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`in/${name}`, bytes])),
  );
  const ingest = async (path: string) => {
    const plan = await planIngestion({ paths: [path] }, sources);
    const request = { dataset: 'd', keepNames: false, view: 'a4c', sources };
    const { accepted, quarantined } = await ingestVideos(new MemoryStore(), plan, request);
    expect(quarantined).toEqual([]);
    return accepted.map(({ file, ...row }) => row);
  };
  const fromBucket = await ingest('s3://archive/in');
  expect(fromBucket).toHaveLength(2);
  expect(fromBucket[0]!.labelled).toBe(true);
  expect(fromBucket).toEqual(await ingest(folder));
});

it('a file beyond the limits is refused before it is read', async () => {
  const file = join(home, 'huge.dcm');
  await writeFile(file, '');
  await truncate(file, limits.fileBytes + 1);
  await expect(localFiles.read(file)).rejects.toMatchObject({ code: 'LimitExceeded' });
});

it('a link back to a folder above is not followed round and round', async () => {
  const root = join(home, 'linked');
  await mkdir(join(root, 'inner'), { recursive: true });
  await writeFile(join(root, 'inner', 'a.dcm'), 'a');
  await writeFile(join(home, 'elsewhere.dcm'), 'b');
  await symlink(root, join(root, 'inner', 'up'));
  await symlink(join(root, 'inner'), join(root, 'inner', 'here'));
  await symlink(join(home, 'elsewhere.dcm'), join(root, 'link.dcm'));
  await symlink(join(root, 'gone'), join(root, 'broken.dcm'));
  const files = await localFiles.list(root);
  expect(files.map(({ path }) => path)).toEqual(
    ['broken.dcm', 'inner/a.dcm', 'link.dcm'].map((name) => join(root, name)),
  );
});
