import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatManifest, type ManifestRow, manifestRow } from './manifest.ts';
import { writeGreyNifti, writeLabelNifti } from './nifti.ts';
import { generatePhantom } from './phantom/phantom.ts';
import { folderSource, verifyDataset } from './verify.ts';

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
  expect(await verifyDataset(folderSource(directory))).toEqual({ videos: 1, problems: [] });
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
    labels: labels.labels.map((label, i) => (label === 2 && i < labels.rows * labels.columns ? 0 : label)),
  };
  const mask = Float32Array.from(labels.labels, (label) => label / 255);
  const mistimed = { ...image, frameTimeMs: 2000 };
  const rows = [
    await store('absent', {}),
    await store('text', { image: new TextEncoder().encode('not a video, not at all') }),
    await store('black', {
      image: writeGreyNifti({ ...image, intensities: image.intensities.map(() => 0) }),
    }),
    await store('other-grid', { image: writeGreyNifti(image), labels: writeLabelNifti(smaller) }),
    await store('gap', { image: writeGreyNifti(image), labels: writeLabelNifti(emptied) }),
    await store('spacing', { image: writeGreyNifti({ ...image, spacingMm: [2, 2] }) }),
    await store('mask', { image: writeGreyNifti({ ...image, intensities: mask }) }),
    { ...(await store('volume', { image: writeGreyNifti(mistimed) })), frameTimeMs: 2000 },
  ];
  await writeFile(join(directory, 'manifest.csv'), formatManifest(rows));
  const { problems } = await verifyDataset(folderSource(directory));
  expect(problems.map(({ id, severity, reason, code }) => [id, severity, reason, code])).toEqual([
    ['absent', 'error', 'missing', 'DatasetInvalid'],
    ['text', 'error', 'unreadable', 'FormatUnsupported'],
    ['black', 'error', 'one-level', 'DatasetInvalid'],
    ['other-grid', 'error', 'geometry', 'GeometryMismatch'],
    ['gap', 'warning', 'labels', 'DatasetInvalid'],
    ['spacing', 'error', 'geometry', 'GeometryMismatch'],
    ['mask', 'error', 'few-levels', 'DatasetInvalid'],
    ['mask', 'warning', 'no-sector', 'DatasetInvalid'],
    ['volume', 'error', 'frame-time', 'DatasetInvalid'],
  ]);
  expect(problems[5]).toMatchObject({
    expected: expect.stringContaining('as the manifest says'),
    found: expect.stringContaining('2 x 2 mm'),
  });
});

test('an absent or empty manifest is a problem of the whole dataset', async () => {
  expect((await verifyDataset(folderSource(directory))).problems).toHaveLength(1);
  await writeFile(join(directory, 'manifest.csv'), formatManifest([]));
  expect((await verifyDataset(folderSource(directory))).problems[0]!.message).toMatch(/at least one video/);
});
