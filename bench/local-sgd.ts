/**
 * Local-SGD rounds of two workers against plain training on phantoms (method.md 7), for each training that can go in
 * rounds: what is held out says of it by the steps that each worker took, and windows per second.
 */
import { fileURLToPath } from 'node:url';
import type { ActivityContext } from '../activities/context.ts';
import { presets } from '../contracts/presets.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { fineTunedByOne, fineTunedInRounds } from './local-sgd/fine-tuning.ts';
import { pretrainedByOne, pretrainedInRounds } from './local-sgd/pretraining.ts';
import { fittedByOne, fittedInRounds } from './local-sgd/reward-fit.ts';
import type { LocalSgdRow } from './local-sgd/timed-rounds.ts';
import { benchOptions, wholeNumber } from './shared/bench-options.ts';
import { openPhantoms, phantomConfig } from './shared/phantoms.ts';
import { labelSweep, startRun } from './shared/stages.ts';

export interface LocalSgdBenchOptions {
  readonly seed: number;
  /** Videos of the source and of the target each. */
  readonly videos: number;
  readonly pretrainingSteps: number;
  /** Epochs of the reward fit, each of a sixth of the steps of pretraining. */
  readonly epochs: number;
  /** Windows of the whole fine-tuning, all workers together. */
  readonly windows: number;
  /** Steps of a worker of a fine-tuning between two ratings, which for two workers is a round. */
  readonly stepsPerRound: number;
  readonly onRow?: (row: LocalSgdRow) => void;
}

/** Rows of each training by one worker, then by two. The tensor back end must be selected before. */
export async function benchLocalSgd(options: LocalSgdBenchOptions): Promise<LocalSgdRow[]> {
  const { seed, videos, onRow } = options;
  const { context, close } = await openPhantoms(seed, {
    source: { train: videos, validation: 4 },
    target: { adapt: videos, validation: 4, test: 0 },
  });
  const rows: LocalSgdRow[] = [];
  const tell = (more: readonly LocalSgdRow[]): void => {
    for (const row of more) onRow?.(row);
    rows.push(...more);
  };
  try {
    await goThroughTrainings(options, context, tell);
    return rows;
  } finally {
    await close();
  }
}

async function goThroughTrainings(
  options: LocalSgdBenchOptions,
  context: ActivityContext,
  tell: (rows: readonly LocalSgdRow[]) => void,
): Promise<void> {
  const one = await startRun(context, 'one', configOf(options, 1));
  const two = await startRun(context, 'two', configOf(options, 2));
  const { policy, row } = await pretrainedByOne(one.refs, context);
  tell([row]);
  tell(await pretrainedInRounds(two.refs, context));
  // From the same policy, so that both fit the same triples.
  for (const { refs, plan } of [one, two]) {
    await labelSweep({ ...refs, iteration: 1, policy }, plan, undefined, context);
  }
  const { reward, rows } = await fittedByOne({ ...one.refs, iteration: 1 }, context);
  tell(rows);
  tell(await fittedInRounds({ ...two.refs, iteration: 1 }, context));
  const start = { iteration: 1, policy, reference: policy, reward };
  tell(await fineTunedByOne({ ...one.refs, ...start }, context));
  tell(await fineTunedInRounds({ ...two.refs, ...start }, context));
}

function configOf(
  { seed, pretrainingSteps, epochs, windows, stepsPerRound }: LocalSgdBenchOptions,
  workers: number,
): RunConfig {
  const { tiny } = presets;
  return phantomConfig(seed, {
    iterations: 1,
    autoencoder: { enabled: false },
    pretraining: { ...tiny.pretraining, steps: pretrainingSteps },
    rewardFit: { ...tiny.rewardFit, epochs, stepsPerEpoch: Math.max(1, Math.round(pretrainingSteps / 6)) },
    ppo: {
      ...tiny.ppo,
      epochs: Math.max(1, Math.round(windows / stepsPerRound)),
      windowsPerEpoch: stepsPerRound,
      validationVideos: 4,
    },
    localSgd: { workers, stepsPerRound },
  });
}

/** One line of the table for people. */
export function rowText({ training, workers, step, validation, windowsPerSecond }: LocalSgdRow): string {
  return `${training.padEnd(11)}  ${workers} worker${workers === 1 ? ' ' : 's'}  step ${step.toFixed(0).padStart(5)}  validation ${validation.toFixed(4)}  ${windowsPerSecond.toFixed(2)} windows/s`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    seed: { type: 'string', default: '1' },
    videos: { type: 'string', default: '16' },
    pretraining: { type: 'string', default: '600' },
    epochs: { type: 'string', default: '6' },
    windows: { type: 'string', default: '128' },
    round: { type: 'string', default: '16' },
  });
  await selectTensorBackend();
  const rows = await benchLocalSgd({
    seed: wholeNumber('--seed', values.seed, 0),
    videos: wholeNumber('--videos', values.videos),
    pretrainingSteps: wholeNumber('--pretraining', values.pretraining),
    epochs: wholeNumber('--epochs', values.epochs),
    windows: wholeNumber('--windows', values.windows),
    stepsPerRound: wholeNumber('--round', values.round),
    onRow: (row) => console.error(rowText(row)),
  });
  if (values.json) console.log(JSON.stringify(rows));
}
