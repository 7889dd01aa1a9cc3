/** Annotations that know some frames or some structures alone, on their way from the store into the trainings. */
import { beforeEach, expect, it } from 'vitest';
import { readLabelNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { LEFT_VENTRICLE, UNKNOWN } from '../../ground/labels.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { deleteArtefact, readArtefactAt, writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { addPhantoms, type TinyWorld, tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { readAnnotations } from './annotations.ts';
import { trainingVideos } from './usable-videos.ts';

const config = tinyConfig();
let world: TinyWorld;
let ids: string[];
let facts: RunFacts;

beforeEach(async () => {
  world = tinyWorld();
  const labelled = { split: 'train', labelled: true } as const;
  ids = await addPhantoms(world.store, config.source, 'source', [labelled, labelled]);
  const plan = { source: { train: ids, validation: [] } } as unknown as RunFacts['plan'];
  facts = { config, plan };
});

async function change(id: string, changed: (labels: LabelVideo) => Uint8Array): Promise<void> {
  const key = datasetKeys.labels(config.source, id);
  const labels = readLabelNifti((await readArtefactAt(world.store, key))!.bytes, id);
  await deleteArtefact(world.store, key);
  const bytes = writeLabelNifti({ ...labels, labels: changed(labels) });
  await writeArtefact(world.store, key, bytes, {
    inputs: [],
    codeVersion: 'test',
    mediaType: 'application/gzip',
  });
}

const onlyFrame =
  (kept: number) =>
  ({ rows, columns, labels }: LabelVideo) =>
    labels.map((label, i) => (Math.floor(i / (rows * columns)) === kept ? label : 0));
const onlyVentricle = ({ labels }: LabelVideo) =>
  labels.map((label) => (label === LEFT_VENTRICLE ? label : 0));

it('reach pretraining with what nobody drew unknown', async () => {
  await change(ids[0]!, onlyFrame(2));
  await change(ids[1]!, onlyVentricle);
  const videos = { run: 'run', dataset: config.source, videos: ids, labelled: true, config };
  const { windows } = await trainingVideos(videos, world.context());
  await windows.fetch(
    [0, 1].map((video) => ({ video, startFrame: 0 })),
    4,
  );
  expect(windows.annotatedFrames(0)).toEqual([2]);
  expect(new Set(windows.labels(0, 0, 2))).toEqual(new Set([UNKNOWN]));
  expect(new Set(windows.labels(0, 2, 1))).toEqual(new Set([0, 1, 2]));
  expect(windows.annotatedFrames(1)).toBeUndefined();
  expect(new Set(windows.labels(1, 0, 4))).toEqual(new Set([LEFT_VENTRICLE, UNKNOWN]));
});

it('teach shapes by whole hearts alone: annotated frames, of videos that know every structure', async () => {
  await change(ids[0]!, onlyFrame(2));
  await change(ids[1]!, onlyVentricle);
  const { labels, quarantined } = await readAnnotations('run', facts, world.context());
  expect(labels.map(({ frames }) => frames)).toEqual([1]);
  expect(quarantined).toBe(0);
  await change(ids[0]!, onlyVentricle);
  await expect(readAnnotations('run', facts, world.context())).rejects.toMatchObject({
    code: 'DatasetInvalid',
    message: expect.stringContaining('none does'),
  });
});
