/** Rows of masks from their planning to the table, on videos of a few frames; nothing is trained. */
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { type ComparisonTable, ComparisonTableSchema } from '../../comparison/table/table.ts';
import type { ComparedRow, ComparisonFiles } from '../../contracts/comparison.ts';
import { mirrored } from '../../datasets/mirrored.fixture.ts';
import { readLabelFile, writeLabelNifti } from '../../datasets/nifti.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { deleteArtefact, readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { addPhantoms, type TinyWorld, tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { planComparison } from './stages/plan-comparison.ts';
import { predictForSystem } from './stages/predict-for-system.ts';
import { scoreSystem } from './stages/score-system.ts';
import { writeComparison } from './stages/write-comparison.ts';

/** Two annotated test videos. */
async function testSet(): Promise<{ world: TinyWorld; ids: string[] }> {
  const world = tinyWorld();
  const test = { split: 'test', labelled: true } as const;
  return { world, ids: await addPhantoms(world.store, 'clinic-b', 'source', [test, test], 2) };
}

const handedIn = (name: string, system = 'folder'): ComparedRow => ({
  name,
  system,
  settings: { title: name },
  files: {},
});

function put({ store }: TinyWorld, key: string, bytes: Uint8Array) {
  return writeArtefact(store, key, bytes, { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' });
}

async function reference({ store }: TinyWorld, id: string): Promise<Uint8Array> {
  return (await store.get(datasetKeys.labels('clinic-b', id)))!;
}

/** As the workflow does, row by row. */
async function compared(
  world: TinyWorld,
  rows: readonly ComparedRow[],
  beforeTheTable: () => Promise<void> = async () => undefined,
): Promise<{ table: ComparisonTable; files: ComparisonFiles }> {
  const asked = { run: tinyConfig(), rows, pictures: 2 };
  const {
    config,
    plan,
    rows: frozen,
    test,
  } = await planComparison({ run: 'c', config: asked }, world.context());
  const refs = { run: 'c', config, plan, rows: frozen };
  const results = [];
  for (const { name } of rows) {
    const shard = { ...refs, row: name, shard: 0 };
    await predictForSystem(shard, world.context());
    const { done } = await scoreSystem(shard, world.context());
    results.push({ name, trainings: [], missing: test.videos - done });
  }
  await beforeTheTable();
  const files = await writeComparison({ ...refs, results }, world.context());
  const json = new TextDecoder().decode(await readArtefact(world.store, files.json));
  return { table: ComparisonTableSchema.parse(JSON.parse(json)), files };
}

it('experts are scored against each other alone, each on the grid of the video', async () => {
  const { world, ids } = await testSet();
  for (const id of ids)
    await put(world, comparisonKeys.givenMask('c', 'experts', id), await reference(world, id));
  const first = comparisonKeys.givenReference('c', 'experts', ids[0]!);
  await put(world, first, mirrored(await reference(world, ids[0]!)));
  const { table } = await compared(world, [handedIn('experts', 'inter-expert')]);
  // Of the other video one of them drew nothing: the dataset's reference is not the other expert.
  expect(table.rows[0]!.cells.dice).toMatchObject({ videos: 1, mean: 1 });
  expect(table.rows[0]!.cells.anatomicalValidity).toMatchObject({ videos: 2 });
});

it('a row that competes is scored against the references of the dataset, whatever else lies there', async () => {
  const { world, ids } = await testSet();
  const { labels, layout } = readLabelFile(await reference(world, ids[0]!), 'reference');
  const poor: LabelVideo = { ...labels, labels: labels.labels.map((label) => (label === 2 ? 1 : label)) };
  const mask = writeLabelNifti(poor, layout);
  await put(world, comparisonKeys.givenMask('c', 'theirs', ids[0]!), mask);
  await put(world, comparisonKeys.givenReference('c', 'theirs', ids[0]!), mask);
  const { table } = await compared(world, [handedIn('theirs')]);
  expect(table.rows[0]!.cells.dice!.mean).toBeLessThan(0.6);
});

it('a mask on another grid is missing, however many pixels it has', async () => {
  const { world, ids } = await testSet();
  const { labels } = readLabelFile(await reference(world, ids[0]!), 'reference');
  const { rows, columns } = labels;
  const given = (name: string, mask: LabelVideo) =>
    put(world, comparisonKeys.givenMask('c', name, ids[0]!), writeLabelNifti(mask));
  await given('transposed', { ...labels, rows: columns, columns: rows });
  await given('cut', { ...labels, rows: rows - 2, labels: labels.labels.slice(2 * 2 * columns) });
  const { table } = await compared(world, [handedIn('transposed'), handedIn('cut')]);
  expect(table.rows.map(({ cells, missing }) => [cells, missing])).toEqual([
    [{}, 2],
    [{}, 2],
  ]);
  expect(table.rows[0]!.faults).toContainEqual({
    code: 'GeometryMismatch',
    videos: 1,
    reason: expect.stringContaining(`2 x ${columns} x ${rows}`),
  });
});

it('says of every row why videos are missing, and not of one what is wrong with another', async () => {
  const { world, ids } = await testSet();
  const text = new TextEncoder().encode('no mask');
  const { labels } = readLabelFile(await reference(world, ids[0]!), 'reference');
  const strange = writeLabelNifti({ ...labels, labels: labels.labels.map((label) => 100 * label) });
  for (const id of ids) {
    await put(world, comparisonKeys.givenMask('c', 'text', id), text);
    await put(world, comparisonKeys.givenMask('c', 'strange', id), strange);
  }
  const { table, files } = await compared(
    world,
    ['text', 'strange', 'absent'].map((name) => handedIn(name)),
  );
  expect(table.rows.map(({ faults }) => faults!.map(({ code, videos }) => [code, videos]))).toEqual([
    [['FormatUnsupported', 2]],
    [['LabelMapInvalid', 2]],
    [['DatasetInvalid', 2]],
  ]);
  const markdown = new TextDecoder().decode(await readArtefact(world.store, files.markdown));
  expect(markdown).toMatch(/2 of 2 videos have no prediction; 2 for LabelMapInvalid, such as ".*found 200/);
});

it('a video or a reference that cannot be read costs its numbers, and not the table', async () => {
  const { world, ids } = await testSet();
  const [broken, drawn] = ids as [string, string];
  for (const id of ids)
    await put(world, comparisonKeys.givenMask('c', 'theirs', id), await reference(world, id));
  const replace = async (key: string, bytes: Uint8Array) => {
    await deleteArtefact(world.store, key);
    await put(world, key, bytes);
  };
  await replace(datasetKeys.video('clinic-b', broken), new TextEncoder().encode('no video'));
  const { labels } = readLabelFile(await reference(world, drawn), 'reference');
  const { rows, columns } = labels;
  const turned = writeLabelNifti({ ...labels, rows: columns, columns: rows });
  await replace(datasetKeys.labels('clinic-b', drawn), turned);
  const { table, files } = await compared(world, [handedIn('theirs')]);
  expect(table.rows[0]!.faults).toHaveLength(2);
  expect(files.pictures.map(({ key }) => key)).toEqual([expect.stringContaining(`${drawn}.png`)]);
});

/** Its record stays what it was. */
const damage = ({ store }: TinyWorld, key: string) => store.put(key, new Uint8Array([1, 2, 3]));

it('masks and scores of a row that were damaged are made again when the comparison goes on', async () => {
  const { world, ids } = await testSet();
  for (const id of ids)
    await put(world, comparisonKeys.givenMask('c', 'theirs', id), await reference(world, id));
  const row = { run: 'c', row: 'theirs' };
  const whole = await compared(world, [handedIn('theirs')]);
  expect(whole.table.rows[0]!.cells.dice).toMatchObject({ videos: 2 });
  await damage(world, comparisonKeys.prediction(row, ids[0]!));
  await damage(world, comparisonKeys.scores(row, 0));
  expect(await compared(world, [handedIn('theirs')])).toEqual(whole);
});

it('a mask or a reason that is damaged costs itself, and no other row its picture', async () => {
  const { world, ids } = await testSet();
  const [both, one] = ids as [string, string];
  for (const name of ['ours', 'theirs'])
    await put(world, comparisonKeys.givenMask('c', name, both), await reference(world, both));
  const { table, files } = await compared(world, [handedIn('ours'), handedIn('theirs')], async () => {
    await damage(world, comparisonKeys.prediction({ run: 'c', row: 'ours' }, both));
    await damage(world, comparisonKeys.reason({ run: 'c', row: 'ours' }, one));
  });
  expect(table.rows[0]!.faults).toMatchObject([{ code: 'ChecksumMismatch', videos: 1 }]);
  const markdown = new TextDecoder().decode(await readArtefact(world.store, files.markdown));
  expect(markdown).toContain(`_${both}, from the top: the video, reference, theirs._`);
  expect(markdown).toContain(`_${one}, from the top: the video, reference._`);
});
