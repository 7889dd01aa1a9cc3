/** Every training of a run, interrupted again and again, ends with the bytes of an uninterrupted one. */
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { fineTunePolicy } from '../../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../../activities/fit-reward-network.ts';
import { fitShapeAutoencoder } from '../../activities/fit-shape-autoencoder.ts';
import { labelShard } from '../../activities/label-shard.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import { type Call, interrupted } from './interrupted.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

/** Steps between checkpoints that no interruption falls on. */
const config: RunConfig = {
  ...tinyConfig(),
  training: { windowFrames: 4, checkpointEverySteps: 2, checkpointEverySeconds: 0 },
};

/** One iteration of the algorithm up to the fine-tuned policy: what each training made. */
async function adapt(world: TinyWorld, call: Call) {
  await addTinyDatasets(world.store);
  const { config: configRef, plan } = await planRun({ run: 'a', config }, world.context());
  const refs: RunInput = { run: 'a', config: configRef, plan };
  const pretrained = await call(pretrainPolicy, refs, 37);
  const { policy } = pretrained;
  const fitted = await call(fitShapeAutoencoder, refs, 3);
  const { autoencoder } = fitted;
  const landmarked = await call(fitLandmarkReward, { ...refs, policy }, 7);
  const labelled = [];
  for (const shard of [0, 1]) {
    const input = { ...refs, iteration: 1, split: 'target', shard, policy } as const;
    await call(predictShard, input, 1);
    labelled.push(await call(labelShard, { ...input, autoencoder }, 1));
  }
  const rewarded = await call(fitRewardNetwork, { ...refs, iteration: 1 }, 7);
  const reward = { ...rewarded.reward, landmark: landmarked.landmark };
  const tuned = await call(fineTunePolicy, { ...refs, iteration: 1, policy, reference: policy, reward }, 3);
  return { pretrained, fitted, landmarked, labelled, rewarded, tuned };
}

it('makes the same policy, autoencoder, landmark reward, labels, reward and fine-tuned policy', async () => {
  const whole = tinyWorld();
  const expected = await adapt(whole, (activity, input) => activity(input, whole.context()));
  const broken = tinyWorld();
  const { call, interruptions } = interrupted(broken);
  expect(await adapt(broken, call)).toEqual(expected);
  expect(interruptions()).toBeGreaterThan(10);
}, 180_000);
