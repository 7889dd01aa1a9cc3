/** Comparisons on a real Temporal server: the order of the work with fake activities, and the whole with real ones. */
import '@tensorflow/tfjs-node-gpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeActivities } from '../../activities/compute.ts';
import { ioActivities } from '../../activities/io.ts';
import { compare, fetchComparison } from '../../app/comparison/compare.ts';
import { followComparison, untilPlanned } from '../../app/comparison/comparison-client.ts';
import { handIn } from '../../app/comparison/hand-in.ts';
import { rowsOfSpecs } from '../../app/comparison/row-specs.ts';
import { showComparison } from '../../cli/show-comparison.ts';
import { openTerminal } from '../../cli/terminal.ts';
import { ComparisonTableSchema } from '../../comparison/table/table.ts';
import { computeInputs, ioInputs } from '../../contracts/activities.ts';
import type { ComparisonConfig } from '../../contracts/comparison.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { readLabelNifti } from '../../datasets/nifti.ts';
import { keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { checked } from '../../workers/checked-input.ts';
import { inProcess } from '../../workers/io.ts';
import { comparison } from '../../workflows/comparison.ts';
import { type Activities, type Bench, comparisonPlan, fakeActivities, openBench, ref } from './harness.ts';
import { addPhantoms, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

function run(activities: Activities, id: string, config: ComparisonConfig) {
  return bench.serve(activities, () =>
    bench.environment.client.workflow.execute(comparison, {
      workflowId: id,
      taskQueue: taskQueues.control,
      args: [{ run: id, config }],
    }),
  );
}

const asked = (...names: string[]): ComparisonConfig => ({
  run: tinyConfig(),
  rows: names.map((name) => ({ name, system: name, settings: {}, files: {} })),
  pictures: 1,
});

describe('the workflow of a comparison', () => {
  const source = { name: 'source', labels: false, isSource: true };

  it('does a training that several systems share once, and hands each what the one before it made', async () => {
    const trained: unknown[] = [];
    const { activities, calls } = fakeActivities({
      planComparison: async () =>
        comparisonPlan(
          { name: 'a', system: 'a', trainings: [source] },
          { name: 'b', system: 'b', trainings: [source, { name: 'b-1', labels: true, isSource: false }] },
        ),
      trainSystem: async ({ training, before }) => {
        trained.push([training, before?.key]);
        return { model: ref(`model-${training}`), trained: { name: training, steps: 10, seconds: 1 } };
      },
    });
    const result = await run(activities, 'shared', asked('a', 'b'));
    expect(trained).toEqual([
      ['source', undefined],
      ['b-1', 'model-source'],
    ]);
    expect(calls.filter((name) => name === 'labelForSystem')).toHaveLength(2);
    expect(result.rows.map(({ name, model, missing }) => [name, model?.key, missing])).toEqual([
      ['a', 'model-source', 0],
      ['b', 'model-b-1', 0],
    ]);
    expect(result.rows[1]!.trainings.map(({ name }) => name)).toEqual(['source', 'b-1']);
  });

  it('goes over the videos of a row in workflows of their own, and counts what has a mask', async () => {
    const { activities } = fakeActivities({
      planComparison: async () => ({
        ...comparisonPlan({
          name: 'a',
          system: 'a',
          trainings: [source, { name: 'a-1', labels: true, isSource: false }],
        }),
        target: { shards: 30, videos: 120 },
        test: { shards: 30, videos: 120 },
      }),
      scoreSystem: async ({ shard }) => ({ done: shard % 3 === 0 ? 3 : 4, quarantined: 0 }),
    });
    const result = await run(activities, 'long', asked('a'));
    expect(result.rows).toMatchObject([{ name: 'a', missing: 10 }]);
    const { workflow } = bench.environment.client;
    const names: string[] = [];
    for await (const { workflowId } of workflow.list({ query: 'WorkflowId STARTS_WITH "long"' }))
      names.push(workflowId.replace(/\/[0-9a-f]{8}$/, ''));
    expect(names.sort()).toEqual(['long', 'long/label-for-row-a-a-1', 'long/mask-for-row-a']);
  });

  it('says of a system that cannot be had why, and goes on with the others', async () => {
    const { activities } = fakeActivities({
      planComparison: async () =>
        comparisonPlan({ name: 'a', system: 'a', trainings: [] }, { name: 'b', system: 'b', trainings: [] }),
      predictForSystem: async ({ row }) => {
        if (row === 'a')
          throw ApplicationFailure.nonRetryable('Its weights are not there.', 'ArtefactMissing');
        return { done: 4, quarantined: 0 };
      },
    });
    const result = await run(activities, 'unavailable', asked('a', 'b'));
    expect(result.rows).toMatchObject([
      { name: 'a', unavailable: 'Its weights are not there.' },
      { name: 'b', missing: 0 },
    ]);
  });

  it('says what was written for people, not what a library said before', async () => {
    const failure = () =>
      ApplicationFailure.create({
        message: 'Install the runtime.',
        type: 'BackendMissing',
        nonRetryable: true,
        cause: new Error('Cannot find package at /some/path'),
      });
    const { activities } = fakeActivities({
      planComparison: async ({ run: name }) => {
        if (name === 'unplanned') throw failure();
        return comparisonPlan({ name: 'a', system: 'a', trainings: [] });
      },
      predictForSystem: async () => {
        throw failure();
      },
    });
    expect((await run(activities, 'caused', asked('a'))).rows).toMatchObject([
      { name: 'a', unavailable: 'Install the runtime.' },
    ]);
    await expect(run(activities, 'unplanned', asked('a'))).rejects.toThrow();
    const followed = followComparison(bench.environment.client, 'unplanned', () => undefined);
    await expect(followed).rejects.toThrow(/without a result: Install the runtime\.$/);
    // Also who does not wait for the table is told.
    const begun = untilPlanned(bench.environment.client, 'unplanned');
    await expect(begun).rejects.toThrow(/without a result: Install the runtime\.$/);
  });

  it('starts a run of this project from the policy that the trainings made, and takes its best', async () => {
    const started: unknown[] = [];
    const { activities } = fakeActivities({
      planComparison: async () =>
        comparisonPlan({
          name: 'rl4seg3d',
          system: 'rl4seg3d',
          trainings: [source],
          adaptation: { run: 'adapted-rl4seg3d', config: { ...tinyConfig(), iterations: 1 } },
        }),
      planRun: async ({ run: name, config }) => {
        started.push([name, config.initialPolicy]);
        return {
          config: ref('c'),
          plan: ref('p'),
          sweeps: [{ shards: 1, videos: 4 }],
          validation: { shards: 1, videos: 4 },
          test: { shards: 1, videos: 4 },
          initialPolicy: ref('model-source'),
        };
      },
    });
    const result = await run(activities, 'adapted', asked('rl4seg3d'));
    expect(started).toEqual([['adapted-rl4seg3d', 'model-source']]);
    expect(result.rows[0]).toMatchObject({ model: { key: 'policy-1' } });
  });
});

describe('what a person asks for', () => {
  it('is started once, followed to its result, and followed again under the same name', async () => {
    const world = tinyWorld();
    await addDatasets(world);
    const { client } = bench.environment;
    const store = world.store;
    const { activities } = fakeActivities({
      planComparison: async ({ config }) => ({
        config: ref('config'),
        plan: ref('plan'),
        rows: ref('rows'),
        rowPlans: config.rows.map(({ name, system }) => ({ name, system, trainings: [] })),
        target: { shards: 1, videos: 4 },
        test: { shards: 1, videos: 4 },
      }),
    });
    const rows = rowsOfSpecs(['unet3d', 'rl4seg3d-tto=model:ward']);
    const notes: string[] = [];
    const asked = { config: tinyConfig(), rows, run: 'asked', pictures: 0 };
    await bench.serve(activities, async () => {
      expect(await compare({ client, store }, asked, (text) => notes.push(text))).toBe('asked');
      await untilPlanned(client, 'asked');
      const stages: string[] = [];
      const result = await followComparison(client, 'asked', ({ stage }) => stages.push(stage));
      expect(result.rows.map(({ name, missing }) => [name, missing])).toEqual([
        ['unet3d', 0],
        ['rl4seg3d-tto', 0],
      ]);
      expect(notes).toEqual([]);
      await compare({ client, store }, asked, (text) => notes.push(text));
      expect(notes).toEqual([expect.stringContaining('followed, not started')]);
      expect(await followComparison(client, 'asked', () => undefined)).toEqual(result);
      // Whoever looks is told its name first: what they end by Ctrl-C they find again.
      const shown: string[] = [];
      const stream = { write: (text: string) => shown.push(text) };
      const terminal = openTerminal(false, stream, stream);
      await expect(showComparison({ client, store }, 'asked', terminal)).rejects.toThrow('not in the store');
      expect(shown.join('')).toContain('watch asked');
    });
  });

  it('is refused without a system, for paths that are not there, and for a name that another run has', async () => {
    const world = tinyWorld();
    await addDatasets(world);
    const connections = { client: bench.environment.client, store: world.store };
    const ask = (run: string, ...specs: string[]) =>
      compare(connections, { config: tinyConfig(), rows: rowsOfSpecs(specs), run });
    await expect(ask('none')).rejects.toMatchObject({ code: 'ConfigInvalid' });
    await expect(ask('paths', 'folder=/no/such', 'unet3d=/no/file.pth')).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringContaining('/no/such'),
    });
    const { activities } = fakeActivities();
    await bench.serve(activities, async () => {
      const other = await bench.start();
      await expect(ask(other.workflowId, 'unet3d')).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('no comparison'),
      });
      await other.result();
    });
  });
});

const labelled = { labelled: true } as const;

async function addDatasets({ store }: TinyWorld): Promise<string[]> {
  const train = { split: 'train', ...labelled } as const;
  const test = { split: 'test', ...labelled } as const;
  await addPhantoms(store, 'clinic-a', 'source', [train, train, train]);
  const target = await addPhantoms(store, 'clinic-b', 'source', [
    ...Array.from({ length: 4 }, () => ({ split: 'train', labelled: false }) as const),
    { split: 'val', labelled: false },
    test,
    test,
    { split: 'test', labelled: false },
  ]);
  return target.slice(5);
}

it('compares a trained U-Net, an adapted one with and without optimisation, masks made elsewhere and two experts', async () => {
  const world = tinyWorld();
  const test = await addDatasets(world);
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-compare-'));
  try {
    // Predictions made elsewhere: the references themselves, of the videos that have one.
    const masks: string[] = test.slice(0, 2);
    for (const id of masks) {
      await writeFile(
        join(folder, `${id}.nii.gz`),
        (await world.store.get(datasetKeys.labels('clinic-b', id)))!,
      );
    }
    const rows = [];
    const notes: string[] = [];
    for (const row of rowsOfSpecs([
      'unet3d',
      'rl4seg3d',
      'rl4seg3d-tto',
      `folder=${folder}`,
      `inter-expert=${folder},${folder}`,
    ])) {
      rows.push(
        await handIn(row, { store: world.store, run: 'table', videos: test }, (text) => notes.push(text)),
      );
    }
    expect(notes).toHaveLength(3);
    const activities = inProcess(
      checked({ ...ioActivities, ...computeActivities }, { ...ioInputs, ...computeInputs }),
      world.services,
    ) as unknown as Activities;
    const tensors = tf.memory().numTensors;
    const result = await run(activities, 'table', { run: tinyConfig(), rows, pictures: 2 });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(new Set(world.work).size).toBe(world.work.length);
    expect(result.rows.map(({ unavailable }) => unavailable)).toEqual(Array(5).fill(undefined));
    expect(result.rows.map(({ missing }) => missing)).toEqual([0, 0, 0, 1, 1]);

    const table = ComparisonTableSchema.parse(
      JSON.parse(new TextDecoder().decode(await readArtefact(world.store, result.files.json))),
    );
    expect(table).toMatchObject({ videos: 3, patients: 3 });
    const [unet, adapted, , other, experts] = table.rows;
    // The Dice of the table is that of the stored masks.
    const dices = await Promise.all(
      masks.map(async (id) => {
        const read = async (key: string) => readLabelNifti((await world.store.get(key))!, key);
        const mask = await read(comparisonKeys.prediction({ run: 'table', row: 'unet3d' }, id));
        expect(keepLargestForegroundVideo(mask)).toEqual(mask);
        const { lv, myo } = diceOf(mask, await read(datasetKeys.labels('clinic-b', id)));
        return (lv + myo) / 2;
      }),
    );
    expect(unet!.cells.dice!.mean).toBeCloseTo((dices[0]! + dices[1]!) / 2, 12);
    expect(unet!.cells.dice).toMatchObject({ videos: 2, best: false });
    expect(unet!.cells.anatomicalValidity).toMatchObject({ videos: 3 });
    expect(unet!.trainings[0]).toMatchObject({ name: 'source', steps: 120 });
    expect(adapted!.trainings.map(({ name }) => name)).toEqual(['source', 'adaptation']);
    expect(other!.cells.dice).toMatchObject({ mean: 1, videos: 2, best: true });
    expect(experts).toMatchObject({ standing: 'reference', cells: { dice: { mean: 1, best: false } } });

    const out = join(folder, 'out');
    const files = await fetchComparison(world.store, result, out);
    expect(files.map((file) => file.slice(out.length + 1)).sort()).toEqual(
      [
        'comparison.csv',
        'comparison.html',
        'comparison.json',
        'comparison.md',
        'comparison.tex',
        ...[0, 2].map((i) => `pictures/${test[i]}.png`),
      ].sort(),
    );
    // Begun again after its end, it finds everything done.
    const before = world.work.length;
    expect(await run(activities, 'table', { run: tinyConfig(), rows, pictures: 2 })).toMatchObject({
      files: result.files,
    });
    expect(world.work.length).toBe(before);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 400_000);
