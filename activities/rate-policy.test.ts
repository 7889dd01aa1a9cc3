import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { readGreyNifti, writeLabelNifti } from '../datasets/nifti.ts';
import { randomStream } from '../ground/random.ts';
import { geometryOf } from '../imaging/image.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from '../test/orchestration/tiny-run.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { storeNetwork } from './artefacts/networks.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { planRun } from './plan-run.ts';
import { ratePolicy } from './rate-policy.ts';
import { newRewardNetwork } from './rewards/reward-fitting.ts';

it('sets a video aside that was damaged since it was predicted, rates by the others, and takes what is stored', async () => {
  const world = tinyWorld();
  const context = world.context();
  const { target } = await addTinyDatasets(world.store);
  const id = target.at(-2)!;
  const { config, plan } = await planRun({ run: 'r', config: tinyConfig() }, context);
  const random = randomStream(1, 'reward');
  const network = newRewardNetwork(tinyConfig(), random);
  const toStore = { network, kind: 'anatomical-reward', settings: { temperature: '1' } } as const;
  const reward = { network: await storeNetwork(context, 'reward', toStore, []), temperature: 1 };
  network.dispose();
  const image = await readGreyNifti((await world.store.get(datasetKeys.video('clinic-b', id)))!, id);
  const mask = writeLabelNifti({
    ...geometryOf(image),
    labels: new Uint8Array(image.intensities.length).fill(1),
  });
  const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' };
  const policyOf = (iteration: number) => ({ key: 'policy', sha256: String(iteration).repeat(64), bytes: 1 });
  const rate = async (iteration: number) => {
    await writeArtefact(world.store, runKeys.prediction('r', iteration, 'validation', id), mask, origin);
    const input = { run: 'r', config, plan, iteration, policy: policyOf(iteration), reward };
    return ratePolicy(input, { ...context, firstHolds: true });
  };
  expect(await rate(0)).toMatchObject({ iteration: 0, videos: 1 });
  await world.store.put(datasetKeys.video('clinic-b', id), new Uint8Array([1]));
  expect(await rate(1)).toEqual({ iteration: 1, reward: 0, videos: 0 });
  expect(await world.store.get(runKeys.quarantine('r', id))).toBeDefined();

  // By an attempt on another machine of a mixed run, which was thought dead.
  const put = world.store.put.bind(world.store);
  const key = activityKeys.ratings('r', 2);
  world.store.put = async (...given) => {
    if (given[0] === key) {
      world.store.put = put;
      await writeJson(context, key, { videos: { other: 0.5 } }, [policyOf(2), reward.network]);
    }
    return put(...given);
  };
  expect(await rate(2)).toEqual({ iteration: 2, reward: 0.5, videos: 1 });
});
