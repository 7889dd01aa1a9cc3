/**
 * Local-SGD rounds of two workers against plain training on phantoms (method.md 7): validation reward by the steps that
 * each worker took, and windows per second. The workers of a round are run one after the other in this process and
 * timed as if side by side: a round lasts as long as its slowest worker and the merging of what they made.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readJson } from '../activities/artefacts/json-artefact.ts';
import type { ActivityContext } from '../activities/context.ts';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { FineTuningSchema, RoundSchema } from '../activities/fine-tuning/documents.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { mergeRound } from '../activities/merge-round.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { trainLocally } from '../activities/train-locally.ts';
import type { FineTuneInput } from '../contracts/training-activities.ts';
import type { MergeRoundResult, TrainLocallyResult } from '../contracts/round-activities.ts';
import { presets } from '../contracts/presets.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { planRounds } from '../decisions/local-sgd-rounds.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { openPhantoms, phantomConfig } from './shared/phantoms.ts';
import { labelSweep, startRun } from './shared/stages.ts';

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
  const { seed, videos, onRow } = options;
  const { context, close } = await openPhantoms(seed, {
    source: { train: videos, validation: 4 },
    target: { adapt: videos, validation: 4, test: 0 },
  });
  try {
    const plain = await readyToFineTune('plain', configOf(options, 1), context);
    const rows = [...(await plainTraining(plain, options, context))];
    for (const row of rows) onRow?.(row);
    const config = configOf(options, 2);
    const { refs } = await startRun(context, 'rounds', config);
    for (const row of await inRounds({ ...plain, ...refs }, config, options, context)) {
      rows.push(row);
      onRow?.(row);
    }
    return rows;
  } finally {
    await close();
  }
}

function configOf(
  { seed, pretrainingSteps, windows, stepsPerRound }: LocalSgdBenchOptions,
  workers: number,
): RunConfig {
  const { tiny } = presets;
  return phantomConfig(seed, {
    iterations: 1,
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
  });
}

/** A pretrained policy and a reward network for it. */
async function readyToFineTune(
  run: string,
  config: RunConfig,
  context: ActivityContext,
): Promise<FineTuneInput> {
  const { refs, plan } = await startRun(context, run, config);
  const { policy } = await pretrainPolicy(refs, context);
  await labelSweep({ ...refs, iteration: 1, policy }, plan, undefined, context);
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
