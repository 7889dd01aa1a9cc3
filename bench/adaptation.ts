/**
 * What adaptation achieves on held-out target phantoms: the stages of a run, one after the other in this process over a store in
 * memory, for several seeds; policy 0 (source only) against the policy of each iteration.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import type { ActivityContext } from '../activities/context.ts';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { fitShapeAutoencoder } from '../activities/fit-shape-autoencoder.ts';
import { labelShard } from '../activities/label-shard.ts';
import { planRun } from '../activities/plan-run.ts';
import { predictShard } from '../activities/predict-shard.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { scoreShard } from '../activities/score-shard.ts';
import { summariseEvaluation } from '../activities/summarise-evaluation.ts';
import { makePhantomDataset } from '../cli/datasets/phantom-dataset.ts';
import { uploadDataset } from '../cli/datasets/upload-dataset.ts';
import { quickstart } from '../cli/quickstart/sizes.ts';
import type { RunInput } from '../contracts/activities.ts';
import type { ArtefactRef } from '../contracts/artefact-ref.ts';
import type { EvaluationNumbers, LabelCounts, RewardModel } from '../contracts/messages.ts';
import { presets } from '../contracts/presets.ts';
import { type RunConfig, RunConfigSchema } from '../contracts/run-config.ts';
import type { Split } from '../datasets/manifest.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { MemoryStore } from '../storage/memory-store.ts';

export interface AdaptationRow {
  readonly seed: number;
  /** 0 is the policy that saw the source alone. */
  readonly iteration: number;
  readonly test: EvaluationNumbers;
  readonly validationReward?: number;
  readonly labels?: LabelCounts;
  readonly seconds: number;
}

export interface AdaptationBenchOptions {
  readonly seeds: readonly number[];
  readonly onRow?: (row: AdaptationRow) => void;
  /** Fields over the tiny preset. */
  readonly overrides?: Partial<z.input<typeof RunConfigSchema>>;
}

/** The rows of every seed, policy 0 first. The tensor back end must be selected before. */
export async function benchAdaptation(options: AdaptationBenchOptions): Promise<AdaptationRow[]> {
  const rows: AdaptationRow[] = [];
  for (const seed of options.seeds) {
    const config = RunConfigSchema.parse({
      ...presets.tiny,
      ...options.overrides,
      seed,
      source: quickstart.names.source,
      target: quickstart.names.target,
    });
    for await (const row of adapt(seed, config)) {
      rows.push(row);
      options.onRow?.(row);
    }
  }
  return rows;
}

async function* adapt(seed: number, config: RunConfig): AsyncIterable<AdaptationRow> {
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-bench-'));
  const store = new MemoryStore();
  const context: ActivityContext = {
    store,
    cache: new LocalCache(store, folder, 1e9),
    codeVersion: 'bench',
    log: { info: () => undefined, warn: () => undefined },
    signal: new AbortController().signal,
    heartbeat: () => undefined,
  };
  try {
    await storePhantoms(store, seed, folder);
    let started = performance.now();
    const seconds = (): number => {
      const elapsed = (performance.now() - started) / 1000;
      started = performance.now();
      return elapsed;
    };
    const run = `bench-${seed}`;
    const plan = await planRun({ run, config }, context);
    const refs: RunInput = { run, config: plan.config, plan: plan.plan };
    const sizes = { validation: plan.validation.shards, test: plan.test.shards };
    const first = await pretrainPolicy(refs, context);
    const autoencoder = config.autoencoder.enabled
      ? (await fitShapeAutoencoder(refs, context)).autoencoder
      : undefined;
    const landmark = config.landmark.enabled
      ? (await fitLandmarkReward({ ...refs, policy: first.policy }, context)).landmark
      : undefined;
    let policy = first.policy;
    let critic: ArtefactRef | undefined;
    yield { seed, iteration: 0, test: await score(refs, 0, policy, sizes, context), seconds: seconds() };

    for (let iteration = 1; iteration <= config.iterations; iteration++) {
      let labels: LabelCounts = { kept: 0, corrected: 0, rejected: 0, triples: 0 };
      for (let shard = 0; shard < plan.sweeps[iteration - 1]!.shards; shard++) {
        const input = { ...refs, iteration, split: 'target' as const, shard, policy };
        await predictShard(input, context);
        const { counts } = await labelShard({ ...input, ...(autoencoder && { autoencoder }) }, context);
        labels = {
          kept: labels.kept + counts.kept,
          corrected: labels.corrected + counts.corrected,
          rejected: labels.rejected + counts.rejected,
          triples: labels.triples + counts.triples,
        };
      }
      const fitted = await fitRewardNetwork({ ...refs, iteration }, context);
      const reward: RewardModel = { ...fitted.reward, ...(landmark && { landmark }) };
      const tuned = await fineTunePolicy(
        {
          ...refs,
          iteration,
          policy,
          reference: first.policy,
          reward,
          ...(critic && config.ppo.keepCritic && { critic }),
        },
        context,
      );
      ({ policy, critic } = tuned);
      yield {
        seed,
        iteration,
        test: await score(refs, iteration, policy, sizes, context),
        validationReward: tuned.validationReward,
        labels,
        seconds: seconds(),
      };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function score(
  refs: RunInput,
  iteration: number,
  policy: ArtefactRef,
  sizes: Readonly<Record<'validation' | 'test', number>>,
  context: ActivityContext,
): Promise<EvaluationNumbers> {
  for (const split of ['validation', 'test'] as const) {
    for (let shard = 0; shard < sizes[split]; shard++) {
      const input = { ...refs, iteration, split, shard };
      await predictShard({ ...input, policy }, context);
      await scoreShard(input, context);
    }
  }
  const { test } = await summariseEvaluation({ ...refs, iteration }, context);
  if (!test) throw new Error('The benchmark needs labelled test videos.');
  return test;
}

/** More than `npm start` scores, so that one video is 2.5 points. */
const TEST_VIDEOS = 40;

/** The datasets of `npm start` with more test videos, made from another seed. */
async function storePhantoms(store: MemoryStore, seed: number, folder: string): Promise<void> {
  const videos = (count: number, split: Split, labelled: boolean) =>
    Array.from({ length: count }, () => ({ split, labelled }));
  const { names, source, target } = quickstart;
  const datasets = [
    {
      name: names.source,
      domain: 'source',
      videos: [...videos(source.train, 'train', true), ...videos(source.validation, 'val', true)],
    },
    {
      name: names.target,
      domain: 'target',
      videos: [
        ...videos(target.adapt, 'pred', false),
        ...videos(target.validation, 'val', false),
        ...videos(TEST_VIDEOS, 'test', true),
      ],
    },
  ] as const;
  for (const { name, domain, videos } of datasets) {
    const out = join(folder, name);
    await makePhantomDataset({ out, domain, seed, videos }, () => undefined);
    await uploadDataset(store, out, name);
  }
}

/** One line of the table for people. */
export function rowText({ seed, iteration, test, validationReward, labels, seconds }: AdaptationRow): string {
  const percent = (share: number): string => `${(100 * share).toFixed(0).padStart(4)} %`;
  return [
    `seed ${seed}`,
    iteration === 0 ? 'source only ' : `iteration ${iteration} `,
    `Dice ${(100 * (test.dice ?? Number.NaN)).toFixed(1)} %`,
    `Hausdorff ${(test.hausdorffMm ?? Number.NaN).toFixed(1)} mm`,
    `anatomically valid ${percent(test.anatomicalValidity)}`,
    `temporally valid ${percent(test.temporalValidity)}`,
    ...(labels
      ? [
          `labels ${labels.kept}/${labels.corrected}/${labels.rejected}`,
          `reward ${validationReward?.toFixed(3)}`,
        ]
      : []),
    `${seconds.toFixed(0)} s`,
  ].join('  ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, seeds: { type: 'string', default: '1,2,3' } },
  });
  await selectTensorBackend();
  const rows = await benchAdaptation({
    seeds: values.seeds.split(',').map(Number),
    onRow: (row) => console.error(rowText(row)),
  });
  if (values.json) console.log(JSON.stringify(rows));
}
