/**
 * Local-SGD rounds with the real activities over networks that were not trained: what they make is theirs alone, and
 * repeatable.
 */
import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadNetwork, storeNetwork } from '../../activities/artefacts/networks.ts';
import { concludeRounds } from '../../activities/conclude-rounds.ts';
import { fineTunePolicy } from '../../activities/fine-tune-policy.ts';
import { mergeRound } from '../../activities/merge-round.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { trainLocally } from '../../activities/train-locally.ts';
import type { FineTuneInput, MergeRoundResult, TrainLocallyResult } from '../../contracts/activities.ts';
import type { LocalSgdConfig, PpoConfig, RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { takeArrays } from '../../method/networks/prefixed-arrays.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import { runKeys } from '../../storage/keys.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

/** A run at the point where its fine-tuning begins, with first weights in place of trained ones. */
async function readyToFineTune(
  localSgd: Partial<LocalSgdConfig>,
  ppo: Partial<PpoConfig> = {},
): Promise<[TinyWorld, FineTuneInput]> {
  const world = tinyWorld();
  await addTinyDatasets(world.store);
  const context = world.context();
  const tiny = tinyConfig();
  const config: RunConfig = {
    ...tiny,
    localSgd: { ...tiny.localSgd, workers: 2, ...localSgd },
    ppo: { ...tiny.ppo, ...ppo },
  };
  const planned = await planRun({ run: 'a', config }, context);
  const store = async (kind: 'policy' | 'anatomical-reward'): Promise<ArtefactRef> => {
    const shape =
      kind === 'policy'
        ? { ...config.network, inputChannels: 1, outputChannels: 3, deepSupervision: false }
        : rewardNetworkConfig(config.network);
    const network = UNet3D.initialise(shape, randomStream(1, kind));
    const stored = await storeNetwork(context, `start/${kind}.safetensors`, { network, kind }, []);
    network.dispose();
    return stored;
  };
  const policy = await store('policy');
  const reward = { network: await store('anatomical-reward'), temperature: 1 };
  const refs = { run: 'a', config: planned.config, plan: planned.plan };
  return [world, { ...refs, iteration: 1, policy, reference: policy, reward }];
}

/** Two rounds of two workers with two steps each, in the order in which the workflow calls them. */
async function twoRounds([world, start]: [TinyWorld, FineTuneInput]) {
  const context = world.context();
  const merges: MergeRoundResult[] = [];
  const parts: TrainLocallyResult[][] = [];
  for (const round of [1, 2]) {
    const merged = merges.at(-1);
    const from = { ...start, round, ...(merged && { policy: merged.policy }) };
    if (merged?.critic) Object.assign(from, { critic: merged.critic });
    const locals: TrainLocallyResult[] = [];
    for (const worker of [0, 1]) {
      const before = parts.at(-1)?.[worker];
      locals.push(
        await trainLocally({ ...from, worker, steps: 2, ...(before && { before: before.local }) }, context),
      );
    }
    const state = merged && { momentum: merged.momentum, best: merged.best };
    merges.push(await mergeRound({ ...from, start: start.policy, locals, ...state }, context));
    parts.push(locals);
  }
  const { best } = merges.at(-1)!;
  const curves = merges.map(({ curve }) => curve);
  const { run, config, plan, iteration } = start;
  const result = await concludeRounds(
    { run, config, plan, iteration, best, curves: [], rounds: curves.length },
    context,
  );
  return { parts, merges, result };
}

async function arraysOf(world: TinyWorld, reference: ArtefactRef): Promise<NamedArrays> {
  return decodeSafetensors(await world.context().cache.read(reference)).arrays;
}

it('makes the same bytes at every attempt, under the keys of its rounds, and leaves no tensors', async () => {
  const tensors = tf.memory().numTensors;
  const world = await readyToFineTune({});
  const first = await twoRounds(world);
  const { length } = world[0].work;
  expect(await twoRounds(world)).toEqual(first);
  expect(world[0].work).toHaveLength(length);
  expect(await twoRounds(await readyToFineTune({}))).toEqual(first);
  expect(tf.memory().numTensors).toBe(tensors);

  const { parts, merges, result } = first;
  expect(parts[1]![1]!.local.key).toBe('runs/a/iter-01/training/round-002/worker-001/local.safetensors');
  expect(merges[1]!.policy.key).toBe('runs/a/iter-01/training/round-002/policy.safetensors');
  expect(new Set(parts.flat().map(({ local }) => local.sha256)).size).toBe(4);
  expect(result).toMatchObject({ steps: 4, validationReward: merges[1]!.best.validationReward });
  expect(result.policy).toMatchObject({ key: runKeys.policy('a', 1), sha256: merges[1]!.best.policy.sha256 });
  const policy = await loadNetwork(world[0].context(), result.policy, 'policy');
  policy.dispose();
  // Moments go on from one round of a worker to its next.
  expect((await arraysOf(world[0], parts[1]![0]!.local))['policyAdam/step']!.data[0]).toBeGreaterThan(4);
}, 120_000);

it('adds the delta that workers agree on, with outer learning rate 1 and no momentum', async () => {
  const [world, start] = await readyToFineTune({ outerLearningRate: 1, outerMomentum: 0 });
  const context = world.context();
  const part = await trainLocally({ ...start, round: 1, worker: 0, steps: 1 }, context);
  const merged = await mergeRound({ ...start, start: start.policy, round: 1, locals: [part, part] }, context);
  const delta = takeArrays('policyDelta', await arraysOf(world, part.local));
  const before = await arraysOf(world, start.policy);
  const after = await arraysOf(world, merged.policy);
  let moved = 0;
  for (const [name, { data }] of Object.entries(after)) {
    const expected = before[name]!.data.map((weight, i) => weight + delta[name]!.data[i]!);
    expect(data).toEqual(expected);
    moved += delta[name]!.data.reduce((sum, value) => sum + Math.abs(value), 0);
  }
  expect(moved).toBeGreaterThan(0);
}, 60_000);

describe('the group-relative objective', () => {
  /** At the start of a fine-tuning; the second shard of the sweep could not be segmented. */
  async function swept(): Promise<[TinyWorld, FineTuneInput]> {
    const [world, start] = await readyToFineTune({}, { objective: 'group', sourceWindows: 1 });
    const shard = { ...start, iteration: 1, split: 'target', shard: 0 } as const;
    await predictShard(shard, world.context());
    return [world, start];
  }

  it('needs no critic, in rounds as by one worker', async () => {
    const tensors = tf.memory().numTensors;
    const { parts, merges } = await twoRounds(await swept());
    expect(merges.map(({ critic }) => critic)).toEqual([undefined, undefined]);
    const [world, start] = await swept();
    const tuned = await fineTunePolicy(start, world.context());
    const again = await swept();
    expect(await fineTunePolicy(again[1], again[0].context())).toEqual(tuned);
    expect(tuned.policy.sha256).not.toBe(start.policy.sha256);
    expect(parts).toHaveLength(2);
    expect(tf.memory().numTensors).toBe(tensors);
  }, 120_000);
});
