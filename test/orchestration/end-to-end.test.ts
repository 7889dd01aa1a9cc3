/** The real activities under the real workflow on a real Temporal server: phantoms in, an adapted policy and a report out. */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { computeActivities } from '../../activities/compute.ts';
import { ioActivities } from '../../activities/io.ts';
import { activityKeys } from '../../activities/run-keys.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { findArtefact, readArtefact } from '../../storage/artefacts.ts';
import { readChampion } from '../../storage/champions.ts';
import { runKeys } from '../../storage/keys.ts';
import { inProcess } from '../../workers/io.ts';
import { adaptation } from '../../workflows/adaptation.ts';
import { type Activities, type Bench, openBench } from './harness.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from './tiny-run.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

it('adapts a policy to phantoms, promotes it and writes a report, computing nothing twice and leaking no tensor', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  const activities = inProcess(
    { ...ioActivities, ...computeActivities },
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
  expect(result.best.test?.dice).toBeGreaterThan(0);
  expect(result.promotion).toMatchObject({ promoted: true });
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
