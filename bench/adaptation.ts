/**
 * What adaptation achieves on held-out target phantoms: the stages of a run, one after the other in this process over a
 * store in memory, for several seeds; policy 0 (source only) against the policy of each iteration and the one that the
 * run elects.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { fitShapeAutoencoder } from '../activities/fit-shape-autoencoder.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { ratePolicy } from '../activities/rate-policy.ts';
import { selectBest } from '../activities/select-best.ts';
import type { RatePolicyResult } from '../contracts/activities.ts';
import type { LabelCounts, RewardModel } from '../contracts/messages.ts';
import type { EvaluationNumbers } from '../contracts/results.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { iterationStart } from '../decisions/iteration-start.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { openPhantoms, phantomConfig, quickstartCounts } from './shared/phantoms.ts';
import { labelSweep, scorePolicy, startRun } from './shared/stages.ts';

export interface AdaptationRow {
  readonly seed: number;
  /** 0 is the policy that saw the source alone. */
  readonly iteration: number;
  readonly test: EvaluationNumbers;
  readonly validationReward?: number;
  readonly labels?: LabelCounts;
  readonly seconds: number;
  /** True in the last row of a seed, which repeats the policy that the run keeps, chosen without labels. */
  readonly elected?: boolean;
}

export interface AdaptationBenchOptions {
  readonly seeds: readonly number[];
  readonly onRow?: (row: AdaptationRow) => void;
}

const TEST_VIDEOS = 120;

/** The rows of every seed, policy 0 first. The tensor back end must be selected before. */
export async function benchAdaptation(options: AdaptationBenchOptions): Promise<AdaptationRow[]> {
  const rows: AdaptationRow[] = [];
  for (const seed of options.seeds) {
    const config = phantomConfig(seed);
    for await (const row of adapt(seed, config)) {
      rows.push(row);
      options.onRow?.(row);
    }
  }
  return rows;
}

async function* adapt(seed: number, config: RunConfig): AsyncIterable<AdaptationRow> {
  const phantoms = await openPhantoms(seed, quickstartCounts(TEST_VIDEOS));
  const { context } = phantoms;
  try {
    let started = performance.now();
    const seconds = (): number => {
      const elapsed = (performance.now() - started) / 1000;
      started = performance.now();
      return elapsed;
    };
    const { refs, plan } = await startRun(context, `bench-${seed}`, config);
    const first = await pretrainPolicy(refs, context);
    const autoencoder = config.autoencoder.enabled
      ? (await fitShapeAutoencoder(refs, context)).autoencoder
      : undefined;
    const landmark = config.landmark.enabled
      ? (await fitLandmarkReward({ ...refs, policy: first.policy }, context)).landmark
      : undefined;
    const policies = [await scorePolicy(refs, 0, first.policy, plan, context)];
    yield { seed, iteration: 0, test: policies[0]!.test, seconds: seconds() };

    let reward: RewardModel | undefined;
    for (let iteration = 1; iteration <= config.iterations; iteration++) {
      const { policy, reference } = iterationStart(policies, config);
      const labels = await labelSweep({ ...refs, iteration, policy }, plan, autoencoder, context);
      const fitted = await fitRewardNetwork({ ...refs, iteration }, context);
      reward = { ...fitted.reward, ...(landmark && { landmark }) };
      const tuned = await fineTunePolicy({ ...refs, iteration, policy, reference, reward }, context);
      const scored = await scorePolicy(refs, iteration, tuned.policy, plan, context);
      policies.push(scored);
      const { validationReward } = tuned;
      yield { seed, iteration, test: scored.test, validationReward, labels, seconds: seconds() };
    }
    if (!reward) return;
    const ratings: RatePolicyResult[] = [];
    for (const { iteration, policy } of policies) {
      ratings.push(await ratePolicy({ ...refs, iteration, policy, reward }, context));
    }
    const { best } = await selectBest({ ...refs, policies, ratings }, context);
    yield { seed, iteration: best.iteration, test: best.test!, seconds: seconds(), elected: true };
  } finally {
    await phantoms.close();
  }
}

/** One line of the table for people. */
export function rowText(row: AdaptationRow): string {
  const { seed, iteration, test, validationReward, labels, seconds, elected } = row;
  const percent = (share: number): string => `${(100 * share).toFixed(0).padStart(4)} %`;
  return [
    `seed ${seed}`,
    elected ? `elected (${iteration}) ` : iteration === 0 ? 'source only ' : `iteration ${iteration} `,
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
