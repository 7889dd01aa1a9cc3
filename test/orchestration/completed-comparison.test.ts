/** A comparison whose inference completes segmentations: by the shapes of its source, those of every policy alike. */
import '@tensorflow/tfjs-node-gpu';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { computeActivities } from '../../activities/compute.ts';
import { ioActivities } from '../../activities/io.ts';
import { rowsOfSpecs } from '../../app/comparison/row-specs.ts';
import { ComparisonTableSchema } from '../../comparison/table/table.ts';
import type { ComparedRow } from '../../contracts/comparison.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { readLabelNifti } from '../../datasets/nifti.ts';
import { keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { completeSequence } from '../../method/shapes/complete-sequence.ts';
import { decodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { runKeys } from '../../storage/keys.ts';
import { inProcess } from '../../workers/io.ts';
import { comparison } from '../../workflows/comparison.ts';
import { type Activities, type Bench, fakeActivities, openBench, ref } from './harness.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from './tiny-run.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const config = tinyConfig();
const completing = {
  ...config,
  inference: {
    ...config.inference,
    completion: { ...config.inference.completion, enabled: true, mirrorBelow: 0 },
  },
};

function run(activities: Activities, id: string, rows: readonly ComparedRow[]) {
  return bench.serve(activities, () =>
    bench.environment.client.workflow.execute(comparison, {
      workflowId: id,
      taskQueue: taskQueues.control,
      args: [{ run: id, config: { run: completing, rows, pictures: 0 } }],
    }),
  );
}

it('fits the shapes once, completes what policies segment, and says so', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  const real = { ...ioActivities, ...computeActivities };
  const activities = inProcess(real, world.services) as unknown as Activities;
  const { files } = await run(activities, 'completed', rowsOfSpecs(['unet3d-plain', 'unet3d']));
  expect(world.work.filter((work) => work.startsWith('fitLinearShapes'))).toHaveLength(1);
  const maskOf = async (row: string) => {
    const key = comparisonKeys.prediction({ run: 'completed', row }, target.at(-1)!);
    return readLabelNifti((await world.store.get(key))!, key);
  };
  const shapes = decodeLinearShapes((await world.store.get(runKeys.linearShapes('completed')))!);
  const plain = await maskOf('unet3d-plain');
  const completed = keepLargestForegroundVideo(
    completeSequence(shapes, plain, completing.inference.completion)!,
  );
  // The configuration of the test adds nothing else to windows.
  expect((await maskOf('unet3d')).labels).toEqual(completed.labels);
  expect(completed.labels).not.toEqual(plain.labels);
  const table = ComparisonTableSchema.parse(
    JSON.parse(new TextDecoder().decode(await readArtefact(world.store, files.json))),
  );
  expect(table.inference).toContain('completion by the shapes of the source');
}, 200_000);

it('fits none for masks that were made elsewhere', async () => {
  const { activities, calls } = fakeActivities({
    planComparison: async () => ({
      config: ref('config'),
      plan: ref('plan'),
      rows: ref('rows'),
      rowPlans: [{ name: 'theirs', system: 'folder', trainings: [] }],
      target: { shards: 0, videos: 0 },
      test: { shards: 1, videos: 4 },
    }),
  });
  await run(activities, 'handed-in', [{ name: 'theirs', system: 'folder', settings: {}, files: {} }]);
  expect(calls).toContain('predictForSystem');
  expect(calls).not.toContain('fitLinearShapes');
});
