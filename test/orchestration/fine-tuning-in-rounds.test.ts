/**
 * Fine-tuning in local-SGD rounds with the real activities over networks that were not trained: what they make is
 * theirs alone, and repeatable.
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
import type { LocalSgdConfig, PpoConfig, RunConfig } from '../../contracts/run-config.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { takeArrays } from '../../method/networks/prefixed-arrays.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import { runKeys } from '../../storage/keys.ts';
import { driveRounds } from './drive-rounds.ts';
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

/** Two rounds of two workers with two steps each. */
async function twoRounds([world, start]: [TinyWorld, FineTuneInput]) {
  const context = world.context();
  const task = { start: { ...start, training: 'fine-tuning' }, workers: 2, rounds: 2, steps: 2 } as const;
  const rounds = await driveRounds(task, (activity, input) => activity(input, context));
  const best = rounds.at(-1)!.merged.best!;
  const { run, config, plan, iteration } = start;
  const result = await concludeRounds(
    { run, config, plan, iteration, best, curves: [], rounds: rounds.length },
    context,
  );
  return { rounds, best, result };
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

  const { rounds, best, result } = first;
  const { locals, merged } = rounds[1]!;
  expect(locals[1]!.local.key).toBe('runs/a/iter-01/training/round-002/worker-001/local.safetensors');
  expect(merged.policy!.key).toBe('runs/a/iter-01/training/round-002/policy.safetensors');
  expect(new Set(rounds.flatMap((round) => round.locals.map(({ local }) => local.sha256))).size).toBe(4);
  expect(result).toMatchObject({ steps: 4, validationReward: best.validationReward });
  expect(result.policy).toMatchObject({ key: runKeys.policy('a', 1), sha256: best.policy.sha256 });
  const policy = await loadNetwork(world[0].context(), result.policy, 'policy');
  policy.dispose();
  // Moments go on from one round of a worker to its next.
  expect((await arraysOf(world[0], locals[0]!.local))['policyAdam/step']!.data[0]).toBeGreaterThan(4);
}, 120_000);

it('adds the delta that workers agree on, with outer learning rate 1 and no momentum', async () => {
  const [world, start] = await readyToFineTune({ outerLearningRate: 1, outerMomentum: 0 });
  const context = world.context();
  const part = await trainLocally({ ...start, round: 1, worker: 0, steps: 1 }, context);
  const merged = await mergeRound({ ...start, start: start.policy, round: 1, locals: [part, part] }, context);
  const delta = takeArrays('policyDelta', await arraysOf(world, part.local));
  const before = await arraysOf(world, start.policy);
  const after = await arraysOf(world, merged.policy!);
  let moved = 0;
  for (const [name, { data }] of Object.entries(after)) {
    const expected = before[name]!.data.map((weight, i) => weight + delta[name]!.data[i]!);
    expect(data).toEqual(expected);
    moved += delta[name]!.data.reduce((sum, value) => sum + Math.abs(value), 0);
  }
  expect(moved).toBeGreaterThan(0);
}, 60_000);

it('chooses among averages of the merged policies, where an average is asked for', async () => {
  const [world, start] = await readyToFineTune({}, { averageDecay: 0.5 });
  const { rounds, best } = await twoRounds([world, start]);
  const averages = rounds.map(({ merged }) => merged.average!);
  expect([start.policy, ...averages].map(({ sha256 }) => sha256)).toContain(best.policy.sha256);
  const [first, second, last] = await Promise.all(
    [averages[0]!, averages[1]!, rounds[1]!.merged.policy!].map((policy) => arraysOf(world, policy)),
  );
  // The second round counts four steps, numbers 4 to 7, of which each leaves half or, at first, less.
  const kept = [5 / 14, 6 / 15, 7 / 16, 8 / 17].reduce((product, share) => product * share);
  for (const [name, { data }] of Object.entries(second!)) {
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(kept * first![name]!.data[i]! + (1 - kept) * last![name]!.data[i]!, 5);
    });
  }
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
    const { rounds } = await twoRounds(await swept());
    expect(rounds.map(({ merged }) => merged.critic)).toEqual([undefined, undefined]);
    const [world, start] = await swept();
    const tuned = await fineTunePolicy(start, world.context());
    const again = await swept();
    expect(await fineTunePolicy(again[1], again[0].context())).toEqual(tuned);
    expect(tuned.policy.sha256).not.toBe(start.policy.sha256);
    expect(rounds).toHaveLength(2);
    expect(tf.memory().numTensors).toBe(tensors);
  }, 120_000);
});
