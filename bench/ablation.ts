/**
 * What each part of the method gains on held-out target phantoms, in the order of the paper (method.md 10), under both
 * objectives. Everything but the fine-tuning is done once a seed and shared by the arms, each of which fine-tunes the
 * source policy for one iteration. The endpoints that decide were chosen before anything was run.
 */
import { fileURLToPath } from 'node:url';
import { loadNetwork } from '../activities/artefacts/networks.ts';
import type { ActivityContext } from '../activities/context.ts';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import type { RewardModel } from '../contracts/messages.ts';
import { presets } from '../contracts/presets.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import {
  armOf,
  CLEANING_RULE,
  type FineTunedBy,
  type Objective,
  objectives,
  parts,
  SOURCE,
} from './ablation/arms.ts';
import { fineTuneByCleaning } from './ablation/cleaning-control.ts';
import { endpointsText } from './ablation/endpoints.ts';
import { benchOptions, someOf, threadsOf, wholeNumber, wholeNumbers } from './shared/bench-options.ts';
import { type DetectionReport, detectErrors, detectionText } from './shared/error-detection.ts';
import { openPhantoms, phantomConfig, quickstartCounts, testPhantoms } from './shared/phantoms.ts';
import { type TableRow, tablesText } from './shared/policy-table.ts';
import { joinSeeds, rowOf } from './shared/score-files.ts';
import { scorePolicyOn } from './shared/scored-video.ts';
import { fitAutoencoder, labelSweep, predictSweep, startRun } from './shared/stages.ts';

export interface AblationReport {
  readonly rows: readonly TableRow[];
  /**
   * Arms whose fine-tuning elected the source policy, no epoch having a better validation reward: they show nothing of
   * their reward.
   */
  readonly keptSource: readonly string[];
  /** Of the last arm of each seed. */
  readonly errors: readonly { readonly seed: number; readonly found: DetectionReport }[];
  readonly seconds: number;
}

export interface AblationOptions {
  readonly seeds: readonly number[];
  readonly objectives: readonly Objective[];
  /** Held-out videos of a seed, two of a patient; the first of them tell how well errors are found. */
  readonly videos: number;
  readonly errorVideos: number;
  /** Fields over the tiny preset. */
  readonly overrides?: Parameters<typeof phantomConfig>[1];
  readonly log: (line: string) => void;
}

/** A run wants test videos; the arms are scored on others (`testPhantoms`). */
const RUN_TEST_VIDEOS = 2;

/** The tensor back end must be selected before. */
export async function benchAblation(options: AblationOptions): Promise<AblationReport> {
  const started = performance.now();
  const seeds: SeedReport[] = [];
  for (const seed of options.seeds) {
    const phantoms = await openPhantoms(seed, quickstartCounts(RUN_TEST_VIDEOS));
    try {
      seeds.push(await ablate(seed, options, phantoms.context));
    } finally {
      await phantoms.close();
    }
  }
  return {
    rows: joinSeeds(seeds.flatMap(({ rows }) => rows)),
    keptSource: seeds.flatMap(({ keptSource }) => keptSource),
    errors: seeds.flatMap(({ seed, errors }) => (errors ? [{ seed, found: errors }] : [])),
    seconds: (performance.now() - started) / 1000,
  };
}

interface SeedReport {
  readonly seed: number;
  readonly rows: readonly TableRow[];
  readonly keptSource: readonly string[];
  readonly errors: DetectionReport | undefined;
}

async function ablate(seed: number, options: AblationOptions, context: ActivityContext): Promise<SeedReport> {
  const config = phantomConfig(seed, {
    landmark: { ...presets.tiny.landmark, enabled: true },
    iterations: 1,
    ...options.overrides,
  });
  const shared = await sharedStages(config, context);
  const rows: TableRow[] = [];
  const score = async (arm: string, policy: ArtefactRef, before: string | undefined): Promise<void> => {
    const network = await loadNetwork(context, policy, 'policy');
    try {
      const scored = scorePolicyOn({ ...config, policy: network }, testPhantoms(seed, options.videos));
      for (const [way, videos] of Object.entries(scored)) {
        const control = before === undefined ? {} : { control: { policy: before, way } };
        rows.push({ ...rowOf(arm, way, seed, videos), ...control });
      }
    } finally {
      network.dispose();
    }
    options.log(`seed ${seed}: ${arm}`);
  };
  await score(SOURCE, shared.source, undefined);
  const keptSource: string[] = [];
  let last = shared.source;
  for (const objective of options.objectives) {
    const control = await fineTuned(objective, CLEANING_RULE, shared, config, context);
    await score(armOf(objective, CLEANING_RULE), control, SOURCE);
    let before = SOURCE;
    for (const part of parts) {
      const arm = armOf(objective, part);
      last = await fineTuned(objective, part, shared, config, context);
      if (last.sha256 === shared.source.sha256) keptSource.push(`seed ${seed} ${arm}`);
      await score(arm, last, before);
      before = arm;
    }
  }
  const errors =
    options.errorVideos > 0
      ? await detectErrors(last, shared.fused, config, testPhantoms(seed, options.errorVideos), context)
      : undefined;
  return { seed, rows, keptSource, errors };
}

/** What all arms of a seed begin with. */
interface SharedStages {
  readonly source: ArtefactRef;
  readonly anatomical: RewardModel;
  readonly fused: RewardModel;
}

async function sharedStages(config: RunConfig, context: ActivityContext): Promise<SharedStages> {
  const { refs, plan } = await startRun(context, `ablation-${config.seed}`, config);
  const { policy: source } = await pretrainPolicy(refs, context);
  const autoencoder = await fitAutoencoder(refs, config, context);
  const { landmark } = await fitLandmarkReward({ ...refs, policy: source }, context);
  await labelSweep({ ...refs, iteration: 1, policy: source }, plan, autoencoder, context);
  const { reward: anatomical } = await fitRewardNetwork({ ...refs, iteration: 1 }, context);
  return { source, anatomical, fused: { ...anatomical, landmark } };
}

/** In a run of its own, because a run has one policy an iteration; its plan is the same. */
async function fineTuned(
  objective: Objective,
  part: FineTunedBy,
  { source, anatomical, fused }: SharedStages,
  config: RunConfig,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const number = [CLEANING_RULE, ...parts].indexOf(part);
  const temporalPenalty = part === '+ temporal penalty';
  const own = await startRun(context, `ablation-${config.seed}-${objective}-${number}`, {
    ...config,
    ppo: { ...config.ppo, objective, temporalPenalty },
  });
  // What the temporal penalty finds around a window, and the group objective a proposal in.
  await predictSweep({ ...own.refs, iteration: 1, policy: source }, own.plan, context);
  const reward = part === '+ landmark reward' || temporalPenalty ? fused : anatomical;
  const input = { ...own.refs, iteration: 1, policy: source, reference: source, reward };
  if (part === CLEANING_RULE) return fineTuneByCleaning(input, context);
  return (await fineTunePolicy(input, context)).policy;
}

/** For people, in Markdown. */
export function reportText({ rows, keptSource, errors, seconds }: AblationReport): string {
  return [
    `Means and differences from the arm before, 95 % intervals over seeds and patients; ${seconds.toFixed(0)} s`,
    endpointsText(rows),
    tablesText(rows, SOURCE),
    `Fine-tuning kept the source policy in: ${keptSource.join(', ') || 'no arm'}.`,
    ...errors.map(({ seed, found }) => `Seed ${seed}. ${detectionText(found)}`),
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    seeds: { type: 'string', default: '1,2,3,4,5,6' },
    objectives: { type: 'string', default: 'published,group' },
    videos: { type: 'string', default: '240' },
    'error-videos': { type: 'string', default: '40' },
    threads: { type: 'string' },
  });
  await selectTensorBackend(threadsOf(values.threads));
  const report = await benchAblation({
    seeds: wholeNumbers('--seeds', values.seeds, 0),
    objectives: someOf('--objectives', values.objectives, objectives),
    videos: wholeNumber('--videos', values.videos),
    errorVideos: wholeNumber('--error-videos', values['error-videos'], 0),
    log: (line) => console.error(line),
  });
  console.log(values.json ? JSON.stringify(report) : reportText(report));
}
