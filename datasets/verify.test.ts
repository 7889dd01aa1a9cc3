import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatManifest, type ManifestRow, manifestRow } from './manifest.ts';
import { writeGreyNifti, writeLabelNifti } from './nifti.ts';
import { generatePhantom } from './phantom/phantom.ts';
import { verifyDataset } from './verify.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'echoloop-verify-'));
  await mkdir(join(directory, 'videos'));
  await mkdir(join(directory, 'labels'));
});
afterEach(() => rm(directory, { recursive: true }));

const phantom = generatePhantom({ domain: 'source', seed: 1, index: 0 });

async function store(id: string, parts: { image?: Uint8Array; labels?: Uint8Array }): Promise<ManifestRow> {
  if (parts.image) await writeFile(join(directory, 'videos', `${id}.nii.gz`), parts.image);
  if (parts.labels) await writeFile(join(directory, 'labels', `${id}.nii.gz`), parts.labels);
  return manifestRow(
    { study: id, view: 'a4c', id, split: 'train', labelled: parts.labels !== undefined },
    phantom.image,
  );
}

test('a sound dataset has no problems', async () => {
  const row = await store('good', {
    image: writeGreyNifti(phantom.image),
    labels: writeLabelNifti(phantom.labels),
  });
  await writeFile(join(directory, 'manifest.csv'), formatManifest([row]));
  expect(await verifyDataset(directory)).toEqual({ videos: 1, problems: [] });
});

test('every problem is found in one go, in the order of the manifest', async () => {
  const { image, labels } = phantom;
  const smaller = {
    ...labels,
    frames: 4,
    labels: labels.labels.subarray(0, 4 * labels.rows * labels.columns),
  };
  const emptied = {
    ...labels,
    labels: labels.labels.map((label, i) => (i < labels.rows * labels.columns ? 0 : label)),
  };
  const rows = [
    await store('absent', {}),
    await store('text', { image: new TextEncoder().encode('not a video, not at all') }),
    await store('black', {
      image: writeGreyNifti({ ...image, intensities: image.intensities.map(() => 0) }),
    }),
    await store('other-grid', { image: writeGreyNifti(image), labels: writeLabelNifti(smaller) }),
    await store('gap', { image: writeGreyNifti(image), labels: writeLabelNifti(emptied) }),
    await store('spacing', { image: writeGreyNifti({ ...image, spacingMm: [2, 2] }) }),
  ];
  await writeFile(join(directory, 'manifest.csv'), formatManifest(rows));
  const { problems } = await verifyDataset(directory);
  expect(problems.map(({ id, severity, code }) => [id, severity, code])).toEqual([
    ['absent', 'error', 'DatasetInvalid'],
    ['text', 'error', 'FormatUnsupported'],
    ['black', 'error', 'DatasetInvalid'],
    ['other-grid', 'error', 'GeometryMismatch'],
    ['gap', 'warning', 'DatasetInvalid'],
    ['gap', 'warning', 'DatasetInvalid'],
    ['spacing', 'error', 'GeometryMismatch'],
  ]);
});

test('an absent or empty manifest is a problem of the whole dataset', async () => {
  expect((await verifyDataset(directory)).problems).toHaveLength(1);
  await writeFile(join(directory, 'manifest.csv'), formatManifest([]));
  expect((await verifyDataset(directory)).problems[0]!.message).toMatch(/at least one video/);
});
