import { expect, it } from 'vitest';
import { mirrored } from '../datasets/mirrored.fixture.ts';
import { deleteArtefact, writeArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from '../test/orchestration/tiny-run.ts';
import { findJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { ShardScoresSchema } from './evaluation/documents.ts';
import { planRun } from './plan-run.ts';
import { scoreShard } from './score-shard.ts';

it('scores against a reference that is stored in another order, as its affine says', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  const id = target.at(-1)!;
  const put = (key: string, bytes: Uint8Array) =>
    writeArtefact(world.store, key, bytes, {
      inputs: [],
      codeVersion: 'test',
      mediaType: 'application/gzip',
    });
  const { config, plan } = await planRun({ run: 'r', config: tinyConfig() }, world.context());
  const key = datasetKeys.labels('clinic-b', id);
  const reference = (await world.store.get(key))!;
  await put(runKeys.prediction('r', 0, 'test', id), reference);
  await deleteArtefact(world.store, key);
  await put(key, mirrored(reference));
  const shard = { run: 'r', config, plan, iteration: 0, split: 'test', shard: 0 } as const;
  expect(await scoreShard(shard, world.context())).toEqual({ done: 1, quarantined: 0 });
  const found = await findJson(world.context(), activityKeys.scores(shard), ShardScoresSchema);
  expect(found!.value.scores).toMatchObject([{ id, dice: { mean: 1 } }]);
});

it('scores a shard anew once videos that were left out are restored, and not otherwise', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  const id = target.at(-1)!;
  const { config, plan } = await planRun({ run: 'r', config: tinyConfig() }, world.context());
  const shard = { run: 'r', config, plan, iteration: 0, split: 'test', shard: 0 } as const;
  const score = () => scoreShard(shard, world.context());
  const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' };
  const key = datasetKeys.labels('clinic-b', id);
  const reference = (await world.store.get(key))!;

  expect(await score()).toEqual({ done: 0, quarantined: 0 });
  await writeArtefact(world.store, runKeys.prediction('r', 0, 'test', id), reference, origin);
  await world.store.put(key, new Uint8Array([1]));
  expect(await score()).toEqual({ done: 0, quarantined: 1 });
  await world.store.put(key, reference);
  expect(await score()).toEqual({ done: 1, quarantined: 0 });
  const times = world.work.length;
  expect(await score()).toEqual({ done: 1, quarantined: 0 });
  expect(world.work).toHaveLength(times);
});
