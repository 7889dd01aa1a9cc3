/** The activities by themselves: resumed trainings, repeated calls, bad videos, the gate. */
import '@tensorflow/tfjs-node-gpu';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ActivityContext } from '../../activities/context.ts';
import { fitLinearShapes } from '../../activities/fit-linear-shapes.ts';
import { labelShard } from '../../activities/label-shard.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import { promote } from '../../activities/promote.ts';
import { readChampion } from '../../activities/read-champion.ts';
import { scoreShard } from '../../activities/score-shard.ts';
import { selectBest } from '../../activities/select-best.ts';
import { summariseEvaluation } from '../../activities/summarise-evaluation.ts';
import { plainInference } from '../../contracts/plain-inference.ts';
import type { PolicyResult } from '../../contracts/results.ts';
import { InferenceSchema, type RunConfig } from '../../contracts/run-config.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import { datasetKeys, modelKeys, runKeys } from '../../storage/keys.ts';
import { ref } from './harness.ts';
import { addPhantoms, addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from './tiny-run.ts';

async function planned(world: TinyWorld, run: string, config: RunConfig = tinyConfig()): Promise<RunInput> {
  const { config: configRef, plan } = await planRun({ run, config }, world.context());
  return { run, config: configRef, plan };
}

function shortConfig(): RunConfig {
  const config = tinyConfig();
  return {
    ...config,
    training: { ...config.training, checkpointEverySteps: 4 },
    pretraining: { ...config.pretraining, steps: 12 },
  };
}

describe('planRun', () => {
  it('freezes which videos each part works on, and keeps the plan when the datasets grow', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const first = await planRun({ run: 'a', config: tinyConfig() }, world.context());
    expect(first.sweeps).toEqual([{ shards: 2, videos: 4 }]);
    expect([first.validation, first.test]).toEqual([
      { shards: 1, videos: 1 },
      { shards: 1, videos: 1 },
    ]);
    await world.store.put(datasetKeys.manifest('clinic-b'), new Uint8Array());
    expect(await planRun({ run: 'a', config: tinyConfig() }, world.context())).toEqual(first);
  });

  it('keeps the plan of an attempt that was thought dead, though the datasets have grown since', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const plan = () => planRun({ run: 'a', config: tinyConfig() }, world.context());
    const put = world.store.put.bind(world.store);
    let first: Awaited<ReturnType<typeof plan>> | undefined;
    world.store.put = async (key, ...rest) => {
      if (key === runKeys.plan('a') && !first) {
        world.store.put = put;
        const unlabelled = { split: 'train', labelled: false } as const;
        await addPhantoms(world.store, 'clinic-a', 'source', [{ split: 'train', labelled: true }]);
        await addPhantoms(world.store, 'clinic-b', 'source', [unlabelled, { split: 'val', labelled: false }]);
        first = await plan();
      }
      return put(key, ...rest);
    };
    expect(await plan()).toEqual(first);
  });

  it('refuses a dataset that is not there, naming it', async () => {
    await expect(planRun({ run: 'a', config: tinyConfig() }, tinyWorld().context())).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringContaining('"clinic-a"'),
    });
  });

  it('plans what a schedule of an older version asks for, which says nothing of later fields', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const { sweep, localSgd: _, ...config } = tinyConfig();
    const { scoreTest: __, ...older } = sweep;
    const given = { ...config, sweep: older } as RunConfig;
    const { test } = await planRun({ run: 'a', config: given }, world.context());
    expect(test).toEqual({ shards: 1, videos: 1 });
    expect(await planRun({ run: 'a', config: given }, world.context())).toMatchObject({ test });
  });

  it('refuses draws for the critic alone that leave none for the policy of so few videos', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const { ppo: given, ...tiny } = tinyConfig();
    const { windowsPerEpoch: _, ...ppo } = given;
    const sweep = { ...tiny.sweep, videosPerIteration: 40 };
    const config = { ...tiny, sweep, ppo: { ...ppo, criticWarmupWindows: 8 } };
    await expect(planned(world, 'a', config)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('less than the 8 draws of an iteration (2 epochs of 4 videos)'),
    });
    await planned(world, 'b', { ...config, ppo: { ...config.ppo, criticWarmupWindows: 7 } });
  });

  it('refuses to give one run name to two configurations', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    await planned(world, 'a');
    await expect(planned(world, 'a', { ...tinyConfig(), seed: 99 })).rejects.toMatchObject({
      code: 'ChecksumMismatch',
      message: expect.stringContaining('The name a is taken'),
    });
  });
});

describe('pretrainPolicy', () => {
  it('ends with the same bytes whether it was interrupted or not, and takes no saved step twice', async () => {
    const whole = tinyWorld();
    await addTinyDatasets(whole.store);
    const expected = await pretrainPolicy(await planned(whole, 'a', shortConfig()), whole.context());

    const broken = tinyWorld();
    await addTinyDatasets(broken.store);
    const refs = await planned(broken, 'a', shortConfig());
    const controller = new AbortController();
    let steps = 0;
    const interrupted: ActivityContext = {
      ...broken.context(controller.signal),
      heartbeat: ({ preparing }) => {
        if (!preparing && ++steps === 6) controller.abort(new Error('interrupted'));
      },
    };
    await expect(pretrainPolicy(refs, interrupted)).rejects.toThrow('interrupted');
    const resumed = await pretrainPolicy(refs, broken.context());
    expect(resumed.policy).toEqual(expected.policy);
    expect(resumed.curve).toEqual(expected.curve);
    expect(broken.work.map((line) => line.split(' ').at(-1))).toEqual(['0-4', '4-6', '6-8', '8-12']);

    const before = broken.work.length;
    expect(await pretrainPolicy(refs, broken.context())).toEqual(resumed);
    expect(broken.work).toHaveLength(before);
  });

  it('sets a broken video aside, and fails when too many are', async () => {
    const world = tinyWorld();
    const { source } = await addTinyDatasets(world.store);
    await world.store.put(datasetKeys.video('clinic-a', source[0]!), new Uint8Array([1, 2, 3]));
    const one = await pretrainPolicy(await planned(world, 'one', shortConfig()), world.context());
    expect(one.quarantined).toBe(1);
    const entry = JSON.parse(
      new TextDecoder().decode(await world.store.get(runKeys.quarantine('one', source[0]!))),
    );
    expect(entry).toMatchObject({ id: source[0], code: 'ChecksumMismatch' });

    await world.store.delete(datasetKeys.labels('clinic-a', source[1]!));
    await world.store.delete(`${datasetKeys.labels('clinic-a', source[1]!)}.json`);
    const refs = await planned(world, 'two', shortConfig());
    await expect(pretrainPolicy(refs, world.context())).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringMatching(/2 of 3 videos/),
    });
  });
});

describe('predictShard', () => {
  let world: TinyWorld;
  let refs: RunInput;
  let target: string[];
  beforeAll(async () => {
    world = tinyWorld();
    ({ target } = await addTinyDatasets(world.store));
    refs = await planned(world, 'a', shortConfig());
  });

  it('counts a bad video once, goes on with the others, and predicts nothing again when it is called again', async () => {
    const { policy } = await pretrainPolicy(refs, world.context());
    const bad = target[0]!;
    await world.store.put(datasetKeys.video('clinic-b', bad), new Uint8Array([0]));
    const shards = async () => [
      await predictShard({ ...refs, iteration: 1, split: 'target', shard: 0, policy }, world.context()),
      await predictShard({ ...refs, iteration: 1, split: 'target', shard: 1, policy }, world.context()),
    ];
    const first = await shards();
    expect(first.reduce((sum, { done }) => sum + done, 0)).toBe(3);
    expect(first.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBe(1);
    const { length } = world.work;
    expect(await shards()).toEqual(first);
    expect(world.work).toHaveLength(length);
  });
});

describe('completion by linear shapes', () => {
  it('is of the shapes that the run fitted on its annotations, in sweeps and evaluations, and labels agree with it', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const config = shortConfig();
    const { inference } = config;
    const completing = { ...inference, completion: { ...inference.completion, enabled: true } };
    const autoencoder = { ...config.autoencoder, enabled: false };
    const refs = await planned(world, 'a', { ...config, autoencoder, inference: completing });
    const { policy } = await pretrainPolicy(refs, world.context());
    const shard = { ...refs, iteration: 1, split: 'target', shard: 0, policy } as const;
    await expect(predictShard(shard, world.context())).rejects.toMatchObject({
      code: 'ArtefactMissing',
      message: expect.stringContaining('linear-shapes'),
    });

    const fitted = await fitLinearShapes(refs, world.context());
    expect(fitted).toMatchObject({ quarantined: 0, shapes: { key: runKeys.linearShapes('a') } });
    expect(await fitLinearShapes(refs, world.context())).toEqual(fitted);
    expect(world.work.filter((line) => line.startsWith('fitLinearShapes'))).toHaveLength(1);

    const { done } = await predictShard(shard, world.context());
    const { counts } = await labelShard(shard, world.context());
    expect(done).toBeGreaterThan(0);
    expect(counts.kept + counts.corrected + counts.rejected).toBe(done);
    for (const folder of ['predictions', 'triples']) {
      const records: string[] = [];
      for await (const { key } of world.store.list(`${runKeys.iteration('a', 1)}${folder}/`)) {
        if (key.endsWith('.json')) records.push(new TextDecoder().decode(await world.store.get(key)));
      }
      expect(records).toHaveLength(done);
      for (const record of records) expect(record).toContain(fitted.shapes.sha256);
    }
  });
});

describe('the evaluation of a policy', () => {
  const inference = InferenceSchema.parse({ cleaning: true, completion: { enabled: true } });
  const completing = (): RunConfig => ({ ...shortConfig(), inference });

  async function evaluated(world: TinyWorld, refs: RunInput, iteration: number) {
    const { policy } = await pretrainPolicy(refs, world.context());
    const shard = { ...refs, iteration, split: 'test', shard: 0 } as const;
    const { quarantined } = await predictShard({ ...shard, policy }, world.context());
    const scored = await scoreShard(shard, world.context());
    const summary = await summariseEvaluation({ ...refs, iteration }, world.context());
    return { quarantined: quarantined + scored.quarantined, scored, summary };
  }

  it('says of the first one what it is worth as published, too, where inference does more', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const refs = await planned(world, 'a', completing());
    await fitLinearShapes(refs, world.context());
    const first = await evaluated(world, refs, 0);
    expect(first.summary).toMatchObject({ test: { videos: 1 }, plain: { videos: 1 } });
    expect(first.summary.plain).not.toEqual(first.summary.test);
    const { length } = world.work;
    expect(await evaluated(world, refs, 0)).toEqual(first);
    expect(world.work).toHaveLength(length);
    const second = await evaluated(world, refs, 1);
    expect(second.summary.test).toEqual(first.summary.test);
    expect(second.summary.plain).toBeUndefined();
  });

  it('says so once where inference is as published, of the same numbers', async () => {
    const world = tinyWorld();
    await addTinyDatasets(world.store);
    const plain = plainInference(inference);
    const published = await evaluated(
      world,
      await planned(world, 'a', { ...shortConfig(), inference: plain }),
      0,
    );
    expect(published.summary).toMatchObject({ test: { videos: 1 } });
    expect(published.summary.plain).toBeUndefined();
    const refs = await planned(world, 'b', completing());
    await fitLinearShapes(refs, world.context());
    expect((await evaluated(world, refs, 0)).summary.plain).toEqual(published.summary.test);
  });

  it('counts a video that cannot be used once', async () => {
    const world = tinyWorld();
    const { target } = await addTinyDatasets(world.store);
    const refs = await planned(world, 'a', completing());
    await fitLinearShapes(refs, world.context());
    await world.store.put(datasetKeys.video('clinic-b', target.at(-1)!), new Uint8Array([1, 2, 3]));
    const { quarantined, scored, summary } = await evaluated(world, refs, 0);
    expect([quarantined, scored.done]).toEqual([1, 0]);
    expect(summary.plain).toBeUndefined();
  });
});

describe('selectBest', () => {
  it('keeps the policy before adaptation when the others please the reward network but break frames', async () => {
    const refs: RunInput = { run: 'a', config: ref('config'), plan: ref('plan') };
    const policies = [0.8, 0.7].map((validFrames, iteration) => ({
      iteration,
      policy: ref(`policy-${iteration}`),
      evaluation: ref('evaluation'),
      validFrames,
    }));
    const ratings = [0.5, 0.9].map((reward, iteration) => ({ iteration, reward, videos: 4 }));
    const { best } = await selectBest({ ...refs, policies, ratings }, tinyWorld().context());
    expect(best.iteration).toBe(0);
  });
});

describe('promote', () => {
  const numbers = { videos: 4, anatomicalValidity: 0.5, temporalValidity: 0.5 };
  const policyOf = (iteration: number, changes: Partial<PolicyResult> = {}): PolicyResult => ({
    iteration,
    policy: { ...ref(`policy-${iteration}`), sha256: String(iteration).repeat(64) },
    evaluation: ref('evaluation'),
    validation: numbers,
    validFrames: 0.5,
    ...changes,
  });

  async function promoted(world: TinyWorld, run: string, policies: PolicyResult[], rewards: number[]) {
    const refs: RunInput = { run, config: ref('config'), plan: ref('plan') };
    const ratings = rewards.map((reward, iteration) => ({ iteration, reward, videos: 4 }));
    const { best, selection } = await selectBest({ ...refs, policies, ratings }, world.context());
    return promote({ ...refs, model: 'ward', best, selection }, world.context());
  }

  it('makes the first policy of a model its champion', async () => {
    const world = tinyWorld();
    expect(await promoted(world, 'a', [policyOf(0), policyOf(1)], [0.4, 0.6])).toMatchObject({
      promoted: true,
    });
    expect((await readChampion({ model: 'ward' }, world.context())).policy).toEqual(policyOf(1).policy);
  });

  it('replaces the champion that the run started from when nothing is worse, and keeps it otherwise', async () => {
    const world = tinyWorld();
    await promoted(world, 'a', [policyOf(0)], [0.5]);
    const worse = policyOf(1, { validation: { ...numbers, anatomicalValidity: 0.25 } });
    const refused = await promoted(world, 'b', [policyOf(0), worse], [0.5, 0.6]);
    expect(refused).toMatchObject({ promoted: false, reason: expect.stringContaining('anatomically valid') });
    const accepted = await promoted(world, 'c', [policyOf(0), policyOf(2)], [0.5, 0, 0.6]);
    expect(accepted.promoted).toBe(true);
    expect((await readChampion({ model: 'ward' }, world.context())).policy).toEqual(policyOf(2).policy);
    const history: string[] = [];
    for await (const { key } of world.store.list(modelKeys.history('ward'))) history.push(key);
    expect(history).toHaveLength(2);
  });

  it('does not replace a champion that it was not compared with', async () => {
    const world = tinyWorld();
    await promoted(world, 'a', [policyOf(0)], [0.5]);
    const other = await promoted(world, 'b', [policyOf(7), policyOf(8)], []);
    expect(other).toMatchObject({
      promoted: false,
      reason: expect.stringContaining('did not start from the champion'),
    });
  });

  it('judges anew at the end of a run that was stopped, ended and went on', async () => {
    const world = tinyWorld();
    await promoted(world, 'a', [policyOf(0)], [0.5]);
    await promoted(world, 'b', [policyOf(0), policyOf(1)], [0.5, 0.6]);
    const further = [policyOf(0), policyOf(1), policyOf(2)];
    expect(await promoted(world, 'b', further, [0.5, 0.6, 0.7])).toMatchObject({
      promoted: true,
      reason: expect.stringContaining('mean reward 0.6000 -> 0.7000'),
    });
    expect((await readChampion({ model: 'ward' }, world.context())).policy).toEqual(policyOf(2).policy);
  });

  it('gives the same answer and changes nothing when it is called again', async () => {
    const world = tinyWorld();
    const first = await promoted(world, 'a', [policyOf(0)], [0.5]);
    expect(await promoted(world, 'a', [policyOf(0)], [0.5])).toEqual(first);
    const history: string[] = [];
    for await (const { key } of world.store.list(modelKeys.history('ward'))) history.push(key);
    expect(history).toHaveLength(1);
  });
});
