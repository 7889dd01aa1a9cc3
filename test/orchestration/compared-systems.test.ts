/** The trainings of compared systems as activities, interrupted and bounded. */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { readRows } from '../../activities/comparison/rows.ts';
import { labelForSystem } from '../../activities/comparison/stages/label-for-system.ts';
import { planComparison } from '../../activities/comparison/stages/plan-comparison.ts';
import { trainSystem } from '../../activities/comparison/stages/train-system.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { rowsOfSpecs } from '../../app/comparison/row-specs.ts';
import { decodeNnUNetModel } from '../../comparison/nnunet/model-file.ts';
import type { ComparisonConfig, ComparisonPlan } from '../../contracts/comparison.ts';
import type { TrainSystemResult } from '../../contracts/comparison-activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { decodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

const config: RunConfig = {
  ...tinyConfig(),
  training: { windowFrames: 4, checkpointEverySteps: 2, checkpointEverySeconds: 0 },
  pretraining: { ...tinyConfig().pretraining, steps: 8 },
  inference: {
    ...tinyConfig().inference,
    testTimeAugmentation: { always: false, contrasts: [1.1], shiftsMm: [9], rotationsDegrees: [], zooms: [] },
  },
};

async function planned(world: TinyWorld, system: string, minutes?: ComparisonConfig['minutes']) {
  await addTinyDatasets(world.store);
  const [name, folds] = system.split(' in folds: ') as [string, string?];
  const settings =
    name === 'nnunet' ? { memoryGb: 0.02, baseFilters: 4, ...(folds && { folds: Number(folds) }) } : {};
  const rows = [{ name, system: name, settings, files: {} }];
  return planComparison(
    { run: 'c', config: { run: config, rows, pictures: 0, ...(minutes && { minutes }) } },
    world.context(),
  );
}

it('plans one training and one run for rows that differ at test time alone', async () => {
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const rows = ['rl4seg-2d', 'rl4seg-2d-plain', 'rl4seg3d', 'rl4seg3d-tto', 'unet3d-plain'];
  const { rowPlans } = await planComparison(
    { run: 'c', config: { run: config, rows: rowsOfSpecs(rows), pictures: 0 } },
    world.context(),
  );
  expect(
    rowPlans.map(({ trainings, adaptation }) => [trainings.map(({ name }) => name), adaptation?.run]),
  ).toEqual([
    [['source-2d'], 'c-rl4seg-2d'],
    [['source-2d'], 'c-rl4seg-2d'],
    [['source'], 'c-rl4seg3d'],
    [['source'], 'c-rl4seg3d'],
    [['source'], undefined],
  ]);
  // Test videos are the comparison's to segment and to score.
  expect(rowPlans[2]!.adaptation!.config.sweep).toEqual({ ...config.sweep, scoreTest: false });
});

it('tells rows of one title apart, and says of a model that was brought nothing but that', async () => {
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
  await writeArtefact(world.store, 'runs/other/theirs.pth', new Uint8Array([1]), origin);
  const rows = [
    ...rowsOfSpecs(['folder=a/masks', 'folder=b/masks', 'unet3d']).map(({ masks: _, ...row }) => row),
    { name: 'theirs', system: 'nnunet', settings: {}, files: {}, from: { key: 'runs/other/theirs.pth' } },
  ];
  const planned = await planComparison(
    { run: 'c', config: { run: config, rows, pictures: 0 } },
    world.context(),
  );
  const { rows: found } = await readRows(planned, world.context());
  expect(found.map(({ title }) => title)).toEqual([
    'masks [masks]',
    'masks [masks-2]',
    '3D U-Net (source only)',
    'nnU-Net',
  ]);
  expect(found[3]!.summary).toMatch(/own pixel size.*not trained here but brought, from a checkpoint\.$/);
  expect(found[3]!.summary).not.toContain('GB');
});

it('says in words which setting a system has not', async () => {
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const rows = rowsOfSpecs(['nnunet-tto']);
  await expect(
    planComparison({ run: 'c', config: { run: config, rows, pictures: 0 } }, world.context()),
  ).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(/"nnunet-tto" are not those of the system nnunet:\n.*"optimise"$/),
  });
});

it('goes on with the rows that it was begun with, and with no others', async () => {
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const begun = {
    run: config,
    rows: rowsOfSpecs(['unet3d', 'ua-mt']),
    minutes: { source: 1, adaptation: 2 },
  };
  const plan = (asked: Partial<ComparisonConfig>) =>
    planComparison({ run: 'c', config: { pictures: 0, ...begun, ...asked } }, world.context());
  const before = await plan({});
  expect(await plan({})).toEqual(before);
  for (const other of [
    { rows: rowsOfSpecs(['unet3d']) },
    { rows: rowsOfSpecs(['unet3d', 'ua-mt', 'masked-ssl']) },
    { minutes: { source: 1, adaptation: 3 } },
    { pictures: 1 },
  ]) {
    await expect(plan(other)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('unet3d, ua-mt'),
    });
  }
});

it('trains a source policy that knows no time for single frames, and one that does for the others', async () => {
  const shapes: unknown[] = [];
  for (const system of ['rl4seg-2d', 'rl4seg3d']) {
    const world = tinyWorld();
    const [made] = await trainAll(world, await planned(world, system), () => world.context());
    const { network } = decodeNetwork((await world.store.get(made!.model.key))!, 'policy');
    shapes.push(network.config.kernels.map(([time]) => time));
    network.dispose();
  }
  expect(shapes).toEqual([
    [1, 1, 1],
    [1, 3, 3],
  ]);
});

type Context = () => ActivityContext;

/** Calls again after every interruption. */
async function untilDone<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'interrupted') throw error;
    }
  }
}

/** All trainings of the one row, each in the context that is made for it. */
async function trainAll(
  world: TinyWorld,
  plan: ComparisonPlan,
  contextOf: Context,
): Promise<TrainSystemResult[]> {
  const made: TrainSystemResult[] = [];
  const [{ name: row, trainings }] = plan.rowPlans as [ComparisonPlan['rowPlans'][number]];
  for (const { name: training, labels } of trainings) {
    const before = made.at(-1)?.model;
    const input = { run: 'c', config: plan.config, plan: plan.plan, rows: plan.rows, row, training };
    if (labels) {
      for (let shard = 0; shard < plan.target.shards; shard++) {
        await labelForSystem({ ...input, model: before!, shard }, world.context());
      }
    }
    made.push(await untilDone(() => trainSystem({ ...input, ...(before && { before }) }, contextOf())));
  }
  return made;
}

it.each(['self-training', 'ua-mt', 'masked-ssl', 'nnunet', 'nnunet in folds: 2'])(
  '%s ends with the bytes of an uninterrupted training, however often it was killed',
  async (system) => {
    const whole = tinyWorld();
    const tensors = tf.memory().numTensors;
    const expected = await trainAll(whole, await planned(whole, system), () => whole.context());
    expect(tf.memory().numTensors).toBe(tensors);
    const broken = tinyWorld();
    const plan = await planned(broken, system);
    let calls = 0;
    const made = await trainAll(broken, plan, () => {
      // Every second call goes through; the others end after some steps, by turns told to stop and crashed.
      if (calls++ % 2 === 1) return broken.context();
      const controller = new AbortController();
      let steps = 0;
      return {
        ...broken.context(controller.signal),
        heartbeat: ({ preparing }) => {
          if (preparing || ++steps < 3) return;
          const interruption = new Error('interrupted');
          if (calls % 4 === 1) controller.abort(interruption);
          else throw interruption;
        },
      };
    });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(made.map(({ model }) => model)).toEqual(expected.map(({ model }) => model));
    expect(made.map(({ trained }) => trained.steps)).toEqual(expected.map(({ trained }) => trained.steps));
  },
  120_000,
);

it('trains a network of nnU-Net for each fold in its share of the steps, and keeps all of them', async () => {
  const world = tinyWorld();
  const made = await trainAll(world, await planned(world, 'nnunet in folds: 2'), () => world.context());
  expect(made.map(({ trained }) => trained.name)).toEqual(['nnunet.plan', 'nnunet.fold-0', 'nnunet.fold-1']);
  // The steps of both times, 16, fall to two folds.
  expect(made.map(({ trained }) => trained.steps)).toEqual([0, 8, 8]);
  const networks: unknown[] = [];
  for (const { model } of made)
    networks.push(decodeNnUNetModel((await world.store.get(model.key))!).networks);
  expect(networks.map((found) => (found as unknown[]).length)).toEqual([0, 1, 2]);
  const [, [first], both] = networks as [unknown, [unknown], [unknown, unknown]];
  expect(both[0]).toEqual(first);
  expect(both[1]).not.toEqual(first);
});

it('says how many patients there are, where they are too few for the folds', async () => {
  const world = tinyWorld();
  const plan = await planned(world, 'nnunet in folds: 5');
  await expect(trainAll(world, plan, () => world.context())).rejects.toMatchObject({
    code: 'DatasetInvalid',
    message: expect.stringMatching(/at least 5 patients .* found 3\./),
  });
});

it('trains as many steps as fit the wall time that is set, and keeps them', async () => {
  const world = tinyWorld();
  const plan = await planned(world, 'unet3d', { source: 0.02, adaptation: 0.02 });
  const [made] = await trainAll(world, plan, () => world.context());
  const { steps, secondsPerStep } = JSON.parse(
    new TextDecoder().decode(await world.store.get(comparisonKeys.budget('c', 'source'))),
  );
  expect(secondsPerStep).toBeGreaterThan(0);
  expect(steps).toBe(Math.max(1, Math.floor(1.2 / secondsPerStep)));
  expect(made!.trained.steps).toBe(steps);
  expect(made!.trained.seconds).toBeGreaterThan(0);
  expect((await trainAll(world, plan, () => world.context()))[0]).toEqual(made);
}, 240_000);

it('takes the time of an attempt that was thought dead and ended first for its own', async () => {
  const world = tinyWorld();
  const plan = await planned(world, 'unet3d', { source: 0.02, adaptation: 0.02 });
  const write = (key: string, value: unknown) => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    return writeArtefact(world.store, key, bytes, {
      inputs: [],
      codeVersion: 'test',
      mediaType: 'text/json',
    });
  };
  const writing: Promise<unknown>[] = [];
  const context = (): ActivityContext => ({
    ...world.context(),
    heartbeat: ({ preparing, step, total }) => {
      // In the middle of its timing, and at its last step.
      if (preparing?.total === 16 && preparing.done === 8) {
        writing.push(write(comparisonKeys.budget('c', 'source'), { steps: 3, secondsPerStep: 0.4 }));
      }
      if (step === 3 && step === total) {
        writing.push(write(comparisonKeys.curve('c', 'source'), { steps: 3, seconds: 99, points: [] }));
      }
    },
  });
  const [made] = await trainAll(world, plan, context);
  expect(writing).toHaveLength(2);
  expect(made!.trained).toEqual({ name: 'source', steps: 3, seconds: 99 });
}, 240_000);
