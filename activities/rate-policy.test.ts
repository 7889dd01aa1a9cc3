import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { readGreyNifti, writeLabelNifti } from '../datasets/nifti.ts';
import { randomStream } from '../ground/random.ts';
import { geometryOf } from '../imaging/image.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { addTinyDatasets, tinyConfig, tinyWorld } from '../test/orchestration/tiny-run.ts';
import { storeNetwork } from './artefacts/networks.ts';
import { planRun } from './plan-run.ts';
import { ratePolicy } from './rate-policy.ts';
import { newRewardNetwork } from './rewards/reward-fitting.ts';

it('sets a video aside that was damaged since it was predicted, and rates by the others', async () => {
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
  const rate = async (iteration: number) => {
    await writeArtefact(world.store, runKeys.prediction('r', iteration, 'validation', id), mask, origin);
    const policy = { key: 'policy', sha256: String(iteration).repeat(64), bytes: 1 };
    return ratePolicy({ run: 'r', config, plan, iteration, policy, reward }, context);
  };
  expect(await rate(0)).toMatchObject({ iteration: 0, videos: 1 });
  await world.store.put(datasetKeys.video('clinic-b', id), new Uint8Array([1]));
  expect(await rate(1)).toEqual({ iteration: 1, reward: 0, videos: 0 });
  expect(await world.store.get(runKeys.quarantine('r', id))).toBeDefined();
});
