/**
 * The real activities under the real workflow on a real Temporal server: phantoms in, an adapted policy and a report
 * out.
 */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activityKeys } from '../../activities/artefacts/run-keys.ts';
import { computeActivities } from '../../activities/compute.ts';
import { ioActivities } from '../../activities/io.ts';
import { computeInputs, ioInputs } from '../../contracts/activities.ts';
import { SelectionSchema } from '../../contracts/documents.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { readLabelNifti } from '../../datasets/nifti.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { findArtefact, readArtefact } from '../../storage/artefacts.ts';
import { readChampion } from '../../storage/champions.ts';
import { datasetKeys, runKeys } from '../../storage/keys.ts';
import { checked } from '../../workers/checked-input.ts';
import { inProcess } from '../../workers/io.ts';
import { adaptation } from '../../workflows/adaptation.ts';
import { type Activities, type Bench, openBench } from './harness.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

async function labelsAt({ store }: TinyWorld, key: string): Promise<LabelVideo> {
  return readLabelNifti((await store.get(key))!, key);
}

async function jsonAt({ store }: TinyWorld, key: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await store.get(key)));
}

it('adapts a policy to phantoms, promotes it and writes a report, computing nothing twice and leaking no tensor', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  const activities = inProcess(
    checked({ ...ioActivities, ...computeActivities }, { ...ioInputs, ...computeInputs }),
    world.services,
  ) as unknown as Activities;
  const tensors = tf.memory().numTensors;
  const result = await bench.serve(activities, () =>
    bench.environment.client.workflow.execute(adaptation, {
      workflowId: 'tiny',
      taskQueue: taskQueues.control,
      args: [{ run: 'tiny', config: tinyConfig(), model: 'ward' }],
    }),
  );
  expect(tf.memory().numTensors).toBe(tensors);
  expect(result.policies).toHaveLength(2);
  expect(result.quarantined).toBe(0);
  // 120 steps on phantoms of one scanner make a policy that segments them; the Dice is that of its stored masks.
  expect(result.policies[0]!.test!.dice).toBeGreaterThan(0.75);
  for (const { iteration, test } of result.policies) {
    const mask = await labelsAt(world, runKeys.prediction('tiny', iteration, 'test', target.at(-1)!));
    const reference = await labelsAt(world, datasetKeys.labels('clinic-b', target.at(-1)!));
    const { lv, myo } = diceOf(mask, reference);
    expect(test).toMatchObject({ videos: 1, diceLv: lv, diceMyo: myo, dice: (lv + myo) / 2 });
  }
  const { ratings } = SelectionSchema.parse(await jsonAt(world, activityKeys.selection('tiny')));
  expect(ratings.map(({ videos }) => videos)).toEqual([1, 1]);
  const highest = Math.max(...ratings.map(({ reward }) => reward));
  expect(ratings[result.best.iteration]!.reward).toBe(highest);
  expect(result.promotion).toMatchObject({ promoted: true });
  // Its one test video is of one patient, who alone shows no spread.
  expect(result).not.toHaveProperty('change');
  expect(new Set(world.work).size).toBe(world.work.length);
  expect(world.work.filter((line) => line.startsWith('labelShard'))).toHaveLength(4);
  const landmark = await findArtefact(world.store, activityKeys.landmarkWeights('tiny'));
  expect(landmark).toBeDefined();
  const anatomical = await findArtefact(world.store, runKeys.anatomicalReward('tiny', 1));
  expect(anatomical).toBeDefined();

  const page = await readArtefact(world.store, (await findArtefact(world.store, runKeys.report('tiny')))!);
  expect(new TextDecoder().decode(page)).toContain('clinic-b');
  const champion = (await readChampion(world.store, 'ward'))!;
  expect(champion.policy.sha256).toBe(result.best.policy.sha256);
  expect(champion.rewardNetworks).toEqual([anatomical, landmark]);
  expect(
    await findArtefact(world.store, runKeys.prediction('tiny', 1, 'test', target.at(-1)!)),
  ).toBeDefined();
  const left: string[] = [];
  for await (const { key } of world.store.list('runs/tiny/')) if (key.includes('checkpoint-')) left.push(key);
  expect(left).toEqual([]);
}, 180_000);
