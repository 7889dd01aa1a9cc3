/**
 * Local-SGD rounds of two workers against plain training on phantoms (method.md 7): validation reward by the steps that each worker
 * took, and windows per second. The workers of a round are run one after the other in this process and timed as if side by side: a
 * round lasts as long as its slowest worker and the merging of what they made.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import type { ActivityContext } from '../activities/context.ts';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { FineTuningSchema, RoundSchema } from '../activities/fine-tuning-documents.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { readJson } from '../activities/json-artefact.ts';
import { labelShard } from '../activities/label-shard.ts';
import { mergeRound } from '../activities/merge-round.ts';
import { planRun } from '../activities/plan-run.ts';
import { predictShard } from '../activities/predict-shard.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { trainLocally } from '../activities/train-locally.ts';
import { makePhantomDataset } from '../cli/datasets/phantom-dataset.ts';
import { uploadDataset } from '../cli/datasets/upload-dataset.ts';
import type { FineTuneInput, MergeRoundResult, TrainLocallyResult } from '../contracts/activities.ts';
import { planRounds } from '../contracts/local-sgd-rounds.ts';
import { presets } from '../contracts/presets.ts';
import { type RunConfig, RunConfigSchema } from '../contracts/run-config.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { MemoryStore } from '../storage/memory-store.ts';

export interface LocalSgdBenchOptions {
  readonly seed: number;
  /** Videos of the source and of the target each. */
  readonly videos: number;
  readonly pretrainingSteps: number;
  /** Windows of the whole fine-tuning, all workers together. */
  readonly windows: number;
  /** Steps of a worker between two ratings, which for two workers is a round. */
  readonly stepsPerRound: number;
  readonly onRow?: (row: LocalSgdRow) => void;
  /** Sections over the tiny preset. */
  readonly overrides?: Partial<z.input<typeof RunConfigSchema>>;
}

export interface LocalSgdRow {
  readonly workers: number;
  /** Steps that each worker has taken. */
  readonly step: number;
  readonly validationReward: number;
  /** Of the whole fine-tuning. */
  readonly windowsPerSecond: number;
}

/** Rows of plain training, then of two workers. The tensor back end must be selected before. */
export async function benchLocalSgd(options: LocalSgdBenchOptions): Promise<LocalSgdRow[]> {
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
    await storePhantoms(options, store, folder);
    const plain = await readyToFineTune('plain', configOf(options, 1), context);
    const rows = [...(await plainTraining(plain, options, context))];
    for (const row of rows) options.onRow?.(row);
    const config = configOf(options, 2);
    const { config: configRef, plan } = await planRun({ run: 'rounds', config }, context);
    const shared = { ...plain, run: 'rounds', config: configRef, plan };
    for (const row of await inRounds(shared, config, options, context)) {
      rows.push(row);
      options.onRow?.(row);
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf(
  { seed, pretrainingSteps, windows, stepsPerRound, overrides }: LocalSgdBenchOptions,
  workers: number,
): RunConfig {
  const { tiny } = presets;
  return RunConfigSchema.parse({
    ...tiny,
    seed,
    iterations: 1,
    source: 'source',
    target: 'target',
    autoencoder: { enabled: false },
    pretraining: { ...tiny.pretraining, steps: pretrainingSteps },
    rewardFit: { ...tiny.rewardFit, epochs: 3, stepsPerEpoch: Math.max(1, Math.round(pretrainingSteps / 6)) },
    ppo: {
      ...tiny.ppo,
      epochs: Math.max(1, Math.round(windows / stepsPerRound)),
      windowsPerEpoch: stepsPerRound,
      validationVideos: 4,
    },
    localSgd: { workers, stepsPerRound },
    ...overrides,
  });
}

async function storePhantoms(
  { seed, videos }: LocalSgdBenchOptions,
  store: MemoryStore,
  folder: string,
): Promise<void> {
  const train = Array.from({ length: videos }, () => ({ split: 'train', labelled: true }) as const);
  const held = Array.from({ length: 4 }, () => ({ split: 'val', labelled: false }) as const);
  for (const domain of ['source', 'target'] as const) {
    const out = join(folder, domain);
    await makePhantomDataset({ out, domain, seed, videos: [...train, ...held] }, () => undefined);
    await uploadDataset(store, out, domain);
  }
}

/** A pretrained policy and a reward network for it. */
async function readyToFineTune(
  run: string,
  config: RunConfig,
  context: ActivityContext,
): Promise<FineTuneInput> {
  const plan = await planRun({ run, config }, context);
  const refs = { run, config: plan.config, plan: plan.plan };
  const { policy } = await pretrainPolicy(refs, context);
  for (let shard = 0; shard < plan.sweeps[0]!.shards; shard++) {
    const input = { ...refs, iteration: 1, split: 'target' as const, shard, policy };
    await predictShard(input, context);
    await labelShard(input, context);
  }
  const { reward } = await fitRewardNetwork({ ...refs, iteration: 1 }, context);
  return { ...refs, iteration: 1, policy, reference: policy, reward };
}

async function plainTraining(
  start: FineTuneInput,
  { stepsPerRound }: LocalSgdBenchOptions,
  context: ActivityContext,
): Promise<LocalSgdRow[]> {
  const began = performance.now();
  const { curve, steps } = await fineTunePolicy(start, context);
  const windowsPerSecond = steps / secondsSince(began);
  const { points } = await readJson(context, curve, FineTuningSchema);
  return points
    .flatMap(({ validationReward }) => validationReward ?? [])
    .map((validationReward, epoch) => ({
      workers: 1,
      step: (epoch + 1) * stepsPerRound,
      validationReward,
      windowsPerSecond,
    }));
}

async function inRounds(
  start: FineTuneInput,
  config: RunConfig,
  { videos }: LocalSgdBenchOptions,
  context: ActivityContext,
): Promise<LocalSgdRow[]> {
  const { workers } = config.localSgd;
  const { rounds, steps } = planRounds(config, videos);
  const rewards: number[] = [];
  let seconds = 0;
  let merged: MergeRoundResult | undefined;
  let before: readonly TrainLocallyResult[] = [];
  for (let round = 1; round <= rounds; round++) {
    const from = { ...start, ...(merged && { policy: merged.policy, critic: merged.critic }), round };
    const locals: TrainLocallyResult[] = [];
    let slowest = 0;
    for (let worker = 0; worker < workers; worker++) {
      const began = performance.now();
      const own = before[worker];
      locals.push(await trainLocally({ ...from, worker, steps, ...(own && { before: own.local }) }, context));
      slowest = Math.max(slowest, secondsSince(began));
    }
    const began = performance.now();
    const state = merged && { momentum: merged.momentum, best: merged.best };
    merged = await mergeRound({ ...from, start: start.policy, locals, ...state }, context);
    seconds += slowest + secondsSince(began);
    const { points } = await readJson(context, merged.curve, RoundSchema);
    rewards.push(points.at(-1)?.validationReward ?? Number.NaN);
    before = locals;
  }
  const windowsPerSecond = (rounds * steps * workers) / seconds;
  return rewards.map((validationReward, index) => ({
    workers,
    step: (index + 1) * steps,
    validationReward,
    windowsPerSecond,
  }));
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

/** One line of the table for people. */
export function rowText({ workers, step, validationReward, windowsPerSecond }: LocalSgdRow): string {
  return `${workers} worker${workers === 1 ? ' ' : 's'}  step ${String(step).padStart(5)}  validation reward ${validationReward.toFixed(4)}  ${windowsPerSecond.toFixed(2)} windows/s`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      seed: { type: 'string', default: '1' },
      videos: { type: 'string', default: '16' },
      pretraining: { type: 'string', default: '600' },
      windows: { type: 'string', default: '128' },
      round: { type: 'string', default: '16' },
    },
  });
  await selectTensorBackend();
  const rows = await benchLocalSgd({
    seed: Number(values.seed),
    videos: Number(values.videos),
    pretrainingSteps: Number(values.pretraining),
    windows: Number(values.windows),
    stepsPerRound: Number(values.round),
    onRow: (row) => console.error(rowText(row)),
  });
  if (values.json) console.log(JSON.stringify(rows));
}
