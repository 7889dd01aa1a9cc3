/**
 * Pretraining and the reward fit in local-SGD rounds of two workers, with the real activities: both learn, and make the
 * same bytes at every attempt and however often they are interrupted.
 */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { readJson } from '../../activities/artefacts/json-artefact.ts';
import { loadNetwork } from '../../activities/artefacts/networks.ts';
import { fitRewardNetwork } from '../../activities/fit-reward-network.ts';
import { labelShard } from '../../activities/label-shard.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import { firstPolicy } from '../../activities/pretraining/pretraining-material.ts';
import { FitSchema } from '../../activities/rewards/reward-fitting.ts';
import { PretrainingRoundSchema, RewardFitRoundSchema } from '../../activities/rounds/documents.ts';
import { trainingVideos } from '../../activities/videos/usable-videos.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { RoundsTask } from '../../contracts/stages.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import { parseManifest } from '../../datasets/manifest.ts';
import { planRounds } from '../../decisions/local-sgd-rounds.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { imageWindow, labelWindow } from '../../method/windows/training-windows.ts';
import { datasetKeys, runKeys } from '../../storage/keys.ts';
import { driveRounds } from './drive-rounds.ts';
import { type Call, interrupted } from './interrupted.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

const tiny = tinyConfig();
const config: RunConfig = {
  ...tiny,
  training: { windowFrames: 4, checkpointEverySteps: 5, checkpointEverySeconds: 0 },
  pretraining: { ...tiny.pretraining, steps: 200, averageDecay: 0.9 },
  rewardFit: { ...tiny.rewardFit, epochs: 6, stepsPerEpoch: 21 },
  localSgd: { ...tiny.localSgd, workers: 2, stepsPerRound: 20 },
};
const { workers } = config.localSgd;

/** Pretraining, labels with the policy that it gave, and the fit to them: what each of them made. */
async function twoTrainings(world: TinyWorld, call: Call) {
  await addTinyDatasets(world.store);
  const planned = await planRun({ run: 'a', config }, world.context());
  const refs: RunInput = { run: 'a', config: planned.config, plan: planned.plan };
  const inRounds = (task: RoundsTask) => driveRounds(task, (activity, input) => call(activity, input, 4));

  const plan = planRounds(config.localSgd, config.pretraining.steps);
  const rounds = await inRounds({ start: { ...refs, training: 'pretraining' }, workers, ...plan });
  const trained = { policy: rounds.at(-1)!.merged.average!, rounds: rounds.length };
  const pretrained = await call(pretrainPolicy, { ...refs, trained }, 1);
  for (const shard of [0, 1]) {
    const input = { ...refs, iteration: 1, split: 'target', shard, policy: pretrained.policy } as const;
    await predictShard(input, world.context());
    await labelShard(input, world.context());
  }
  const start = { ...refs, iteration: 1 };
  const epochs = await inRounds({
    start: { ...start, training: 'reward-fit' },
    workers,
    rounds: config.rewardFit.epochs,
  });
  const rewarded = await call(fitRewardNetwork, { ...start, rounds: epochs.length }, 4);
  return { rounds, pretrained, epochs, rewarded };
}

const uninterrupted =
  (world: TinyWorld): Call =>
  (activity, input) =>
    activity(input, world.context());

const world = tinyWorld();
let made: Awaited<ReturnType<typeof twoTrainings>>;
beforeAll(async () => {
  made = await twoTrainings(world, uninterrupted(world));
}, 120_000);

it('leads to a policy and a reward network that are better than the first', async () => {
  const context = world.context();
  const { rounds, pretrained, epochs, rewarded } = made;
  expect(rounds).toHaveLength(5);
  expect(rounds[4]!.locals[1]!.local.key).toBe('runs/a/pretraining/round-005/worker-001/local.safetensors');
  // Moments go on from one round of a worker to its next.
  const { arrays } = decodeSafetensors(await context.cache.read(rounds[4]!.locals[1]!.local));
  expect(arrays['policyAdam/step']!.data[0]).toBe(100);
  expect(pretrained).toMatchObject({ steps: 100, quarantined: 0 });
  expect(pretrained.policy).toMatchObject({ key: runKeys.policy('a', 0) });
  const first = firstPolicy(config);
  const last = await loadNetwork(context, pretrained.policy, 'policy');
  const [before, after] = [await wrongPixels(first, world), await wrongPixels(last, world)];
  first.dispose();
  last.dispose();
  expect(after).toBeLessThan(before / 2);

  expect(epochs[0]!.merged.curve.key).toBe('runs/a/iter-01/rewards/round-001/round.json');
  const documents = await Promise.all(
    epochs.map(({ merged }) => readJson(context, merged.curve, RewardFitRoundSchema)),
  );
  const { history, bestEpoch } = documents.at(-1)!.progress;
  expect(history).toHaveLength(epochs.length);
  expect(history[bestEpoch]!.validationLoss).toBeLessThan(0.75 * history[0]!.validationLoss);
  // 21 windows of an epoch are 11 of one worker and 10 of the other; one triple in ten or more is held out.
  expect(epochs[0]!.locals.map(({ steps }) => steps)).toEqual([11, 10]);
  const fit = await readJson(context, rewarded.curve, FitSchema);
  expect(fit).toMatchObject({ validationLoss: history[bestEpoch]!.validationLoss });
  expect(fit.points.map(({ step }) => step)).toEqual(fit.points.map((_, index) => index + 1));
  expect(decodeSafetensors(await context.cache.read(rewarded.reward.network)).arrays).toEqual(
    decodeSafetensors(await context.cache.read(epochs[bestEpoch]!.merged.network!)).arrays,
  );
});

it('does nothing twice', async () => {
  const { length } = world.work;
  expect(await twoTrainings(world, uninterrupted(world))).toEqual(made);
  expect(world.work).toHaveLength(length);
});

it('makes the same bytes when its activities are interrupted again and again, and keeps no tensors', async () => {
  const tensors = tf.memory().numTensors;
  const broken = tinyWorld();
  const { call, interruptions } = interrupted(broken);
  expect(await twoTrainings(broken, call)).toEqual(made);
  expect(interruptions()).toBeGreaterThan(40);
  expect(tf.memory().numTensors).toBe(tensors);
}, 240_000);

it('counts videos that cannot be used over all shards, and refuses too many of them as plain training does', async () => {
  const firstRound = async (maxQuarantinedShare: number) => {
    const world = tinyWorld();
    const { source } = await addTinyDatasets(world.store);
    await world.store.put(datasetKeys.video('clinic-a', source[0]!), Uint8Array.of(1));
    const sweep = { ...config.sweep, maxQuarantinedShare };
    const planned = await planRun({ run: 'a', config: { ...config, sweep } }, world.context());
    const start = { run: 'a', config: planned.config, plan: planned.plan, training: 'pretraining' } as const;
    const [round] = await driveRounds({ start, workers, rounds: 1, steps: 1 }, (activity, input) =>
      activity(input, world.context()),
    );
    return readJson(world.context(), round!.merged.curve, PretrainingRoundSchema);
  };
  // One of three, but one of two in its shard.
  expect(await firstRound(0.4)).toMatchObject({ quarantined: 1 });
  await expect(firstRound(0.3)).rejects.toMatchObject({ code: 'DatasetInvalid' });
}, 60_000);

/** Share of the pixels of the annotated test video of the target that the policy gets wrong. */
async function wrongPixels(policy: UNet3D, world: TinyWorld): Promise<number> {
  const context = world.context();
  const manifest = new TextDecoder().decode((await world.store.get(datasetKeys.manifest('clinic-b')))!);
  const { id } = parseManifest(manifest).find(({ split }) => split === 'test')!;
  const videos = { run: 'a', dataset: 'clinic-b', videos: [id], labelled: true, config };
  const { windows } = await trainingVideos(videos, context);
  const place = { video: 0, startFrame: 0 };
  await windows.fetch([place], 4);
  return tf.tidy(() => {
    const predicted = tf.argMax(policy.forward(imageWindow(windows, place, 4)), -1);
    const wrong = tf.notEqual(predicted, labelWindow(windows, place, 4));
    return tf.mean(tf.cast(wrong, 'float32')).dataSync()[0]!;
  });
}
