/** A policy of a run gives the same masks in its evaluation and, once promoted, in `segment`. */
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { fitLinearShapes } from '../../activities/fit-linear-shapes.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import { promoteByHand } from '../../app/models/champion.ts';
import { loadChampionModel } from '../../app/segmentation/networks.ts';
import { segmentVideo } from '../../app/segmentation/segment-video.ts';
import { plainInference } from '../../contracts/plain-inference.ts';
import { completedInference } from '../../contracts/presets.ts';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { readGreyNifti, readLabelNifti } from '../../datasets/nifti.ts';
import { datasetKeys, runKeys } from '../../storage/keys.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from './tiny-run.ts';

it('are the very masks that the promoted policy gives, and as published those of published inference', async () => {
  const world = tinyWorld();
  const { target } = await addTinyDatasets(world.store);
  // Hardly trained: little of what it sees is like a heart.
  const completion = { enabled: true, leaveBelow: 0.05 };
  const inference = InferenceSchema.parse({ ...completedInference, completion });
  const config = { ...tinyConfig(), inference };
  const planned = await planRun(
    { run: 'a', config: { ...config, pretraining: { ...config.pretraining, steps: 12 } } },
    world.context(),
  );
  const refs = { run: 'a', config: planned.config, plan: planned.plan };
  await fitLinearShapes(refs, world.context());
  const { policy } = await pretrainPolicy(refs, world.context());
  await predictShard({ ...refs, iteration: 0, split: 'test', shard: 0, policy }, world.context());
  await promoteByHand(world.store, 'm', 'a', 0);

  const model = await loadChampionModel(world.store, 'm');
  const id = target.at(-1)!;
  const image = await readGreyNifti((await world.store.get(datasetKeys.video('clinic-b', id)))!, id);
  const stored = async (split: 'test' | 'plain') =>
    readLabelNifti((await world.store.get(runKeys.prediction('a', 0, split, id)))!, id).labels;
  const { labels, completion: told } = segmentVideo(image, model.policy, model);
  expect(await stored('test')).toEqual(labels.labels);
  expect(told).toMatchObject({ taken: true });
  const asPublished = { ...model, inference: plainInference(inference) };
  const plain = segmentVideo(image, model.policy, asPublished).labels.labels;
  expect(await stored('plain')).toEqual(plain);
  expect(plain).not.toEqual(labels.labels);
  model.policy.dispose();
});
