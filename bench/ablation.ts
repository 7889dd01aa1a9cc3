/**
 * What each part of the method gains on held-out target phantoms, in the order of the paper (method.md 10). Everything
 * but the fine-tuning is done once a seed and shared by the arms, each of which fine-tunes the source policy for one
 * iteration.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ActivityContext } from '../activities/context.ts';
import { fineTunePolicy } from '../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { fitShapeAutoencoder } from '../activities/fit-shape-autoencoder.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { presets } from '../contracts/presets.ts';
import type { EvaluationSummary } from '../metrics/evaluation.ts';
import { summarise } from '../metrics/summary.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { type DetectionReport, detectErrors, uncertaintyNames } from './shared/error-detection.ts';
import { effectOf, type OptimisationEffect, scoreOptimised } from './shared/optimised.ts';
import { openPhantoms, phantomConfig, quickstartCounts } from './shared/phantoms.ts';
import { labelSweep, predictSweep, scorePolicy, startRun, testReport } from './shared/stages.ts';

export const arms = [
  'source only',
  'anatomical reward',
  '+ landmark reward',
  '+ temporal penalty',
  '+ TTO',
] as const;
export type Arm = (typeof arms)[number];

/** Shares are in [0, 1]. */
export interface ArmScores {
  readonly dice: number;
  readonly hausdorffMm: number;
  readonly anatomicalValidity: number;
  readonly temporalValidity: number;
  readonly mistakesPerCycle5mm: number;
  /** Frames with a temporal flag, mean over videos. */
  readonly flaggedFrames: number;
}

export interface AblationSeed {
  readonly seed: number;
  readonly arms: Readonly<Record<Arm, ArmScores>>;
  /**
   * Arms whose fine-tuning elected the source policy, no epoch having a better validation reward: they show nothing of
   * their reward.
   */
  readonly keptSource: readonly Arm[];
  /** Of the policy before TTO. */
  readonly errors: DetectionReport;
  readonly optimisation: OptimisationEffect;
  readonly seconds: number;
}

export interface AblationReport {
  readonly seeds: readonly AblationSeed[];
  readonly mean: Readonly<Record<Arm, ArmScores>>;
}

export interface AblationBenchOptions {
  readonly seeds: readonly number[];
  readonly onArm?: (seed: number, arm: Arm, scores: ArmScores) => void;
}

/** Test-time optimisation takes half a minute a video. */
const TEST_VIDEOS = 40;

/** The tensor back end must be selected before. */
export async function benchAblation(options: AblationBenchOptions): Promise<AblationReport> {
  const seeds: AblationSeed[] = [];
  for (const seed of options.seeds) {
    const phantoms = await openPhantoms(seed, quickstartCounts(TEST_VIDEOS));
    try {
      seeds.push(await ablate(seed, options, phantoms.context));
    } finally {
      await phantoms.close();
    }
  }
  return { seeds, mean: byArm((arm) => meanScores(seeds.map((one) => one.arms[arm]))) };
}

async function ablate(
  seed: number,
  { onArm }: AblationBenchOptions,
  context: ActivityContext,
): Promise<AblationSeed> {
  const started = performance.now();
  const config = phantomConfig(seed, {
    landmark: { ...presets.tiny.landmark, enabled: true },
    iterations: 1,
  });
  const { refs, plan } = await startRun(context, `ablation-${seed}`, config);
  const { policy: source } = await pretrainPolicy(refs, context);
  const { autoencoder } = await fitShapeAutoencoder(refs, context);
  const { landmark } = await fitLandmarkReward({ ...refs, policy: source }, context);
  await labelSweep({ ...refs, iteration: 1, policy: source }, plan, autoencoder, context);
  const { reward: anatomical } = await fitRewardNetwork({ ...refs, iteration: 1 }, context);
  const fused = { ...anatomical, landmark };

  const scores = new Map<Arm, ArmScores>();
  const note = (arm: Arm, summary: EvaluationSummary): void => {
    scores.set(arm, scoresOf(summary));
    onArm?.(seed, arm, scores.get(arm)!);
  };
  await scorePolicy(refs, 0, source, plan, context);
  note('source only', (await testReport(refs, 0, context)).summary);

  const keptSource: Arm[] = [];
  /** A run of its own, because a run has one policy an iteration; its plan is the same. */
  const fineTuned = async (arm: Arm, name: string, reward: typeof anatomical, temporalPenalty: boolean) => {
    const own = await startRun(context, `ablation-${seed}-${name}`, {
      ...config,
      ppo: { ...config.ppo, temporalPenalty },
    });
    const start = { policy: source, reference: source };
    // What the temporal penalty finds around a window.
    if (temporalPenalty) await predictSweep({ ...own.refs, iteration: 1, policy: source }, own.plan, context);
    const { policy } = await fineTunePolicy({ ...own.refs, iteration: 1, ...start, reward }, context);
    await scorePolicy(own.refs, 1, policy, own.plan, context);
    if (policy.sha256 === source.sha256) keptSource.push(arm);
    const report = await testReport(own.refs, 1, context);
    note(arm, report.summary);
    return { policy, videos: report.videos };
  };
  await fineTuned('anatomical reward', 'anatomical', anatomical, false);
  await fineTuned('+ landmark reward', 'landmark', fused, false);
  const full = await fineTuned('+ temporal penalty', 'temporal', fused, true);
  const optimised = await scoreOptimised(refs, full.policy, fused, config, context);
  note('+ TTO', summarise(optimised));

  return {
    seed,
    arms: byArm((arm) => scores.get(arm)!),
    keptSource,
    errors: await detectErrors(refs, full.policy, fused, config, context),
    optimisation: effectOf(full.videos, optimised),
    seconds: (performance.now() - started) / 1000,
  };
}

function scoresOf(summary: EvaluationSummary): ArmScores {
  const { dice, hausdorffMm, anatomicalValidity, temporalValidity, mistakesPerCycle5mm, flaggedFrames } =
    summary;
  if (!dice?.mean || !hausdorffMm?.mean || mistakesPerCycle5mm === undefined || flaggedFrames === undefined)
    throw new Error('The benchmark needs labelled test videos.');
  return {
    dice: dice.mean,
    hausdorffMm: hausdorffMm.mean,
    anatomicalValidity,
    temporalValidity,
    mistakesPerCycle5mm,
    flaggedFrames,
  };
}

function byArm(value: (arm: Arm) => ArmScores): Record<Arm, ArmScores> {
  return Object.fromEntries(arms.map((arm) => [arm, value(arm)])) as Record<Arm, ArmScores>;
}

function meanScores(rows: readonly ArmScores[]): ArmScores {
  const mean = (name: keyof ArmScores): number => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
  return {
    dice: mean('dice'),
    hausdorffMm: mean('hausdorffMm'),
    anatomicalValidity: mean('anatomicalValidity'),
    temporalValidity: mean('temporalValidity'),
    mistakesPerCycle5mm: mean('mistakesPerCycle5mm'),
    flaggedFrames: mean('flaggedFrames'),
  };
}

const percent = (share: number): string => (100 * share).toFixed(1);
const three = (value: number | null): string => value?.toFixed(3) ?? '-';

function row(arm: Arm, scores: ArmScores): string {
  const cells = [
    percent(scores.dice),
    scores.hausdorffMm.toFixed(2),
    percent(scores.anatomicalValidity),
    percent(scores.temporalValidity),
    scores.mistakesPerCycle5mm.toFixed(2),
    scores.flaggedFrames.toFixed(2),
  ];
  return `| ${arm} | ${cells.join(' | ')} |`;
}

/** Tables for people, in Markdown. */
export function reportText({ seeds, mean }: AblationReport): string {
  return [
    `Mean of seeds ${seeds.map(({ seed }) => seed).join(', ')}`,
    '| arm | Dice % | Hausdorff mm | anatomically valid % | temporally valid % | mistakes per cycle (5 mm) | frames flagged |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...arms.map((arm) => row(arm, mean[arm])),
    ...seeds.flatMap(({ seed, keptSource, errors, optimisation, seconds }) => [
      '',
      `Seed ${seed}, ${seconds.toFixed(0)} s. Anatomical reward network: ECE ${three(errors.ece)} (published 0.054), temperature ` +
        `${errors.temperature.toFixed(2)}; of the confidence map ${three(errors.confidenceEce)}; ${errors.wrongPixels} of ${errors.pixels} pixels are wrong.`,
      `Fine-tuning kept the source policy in: ${keptSource.join(', ') || 'no arm'}.`,
      `TTO: of ${optimisation.invalidBefore} invalid videos ${optimisation.repaired} became valid, of ${optimisation.validBefore} ` +
        `valid ones ${optimisation.worse} got worse.`,
      '| uncertainty | AUC | mutual information | correlation with error | correlation with Dice |',
      '| --- | --- | --- | --- | --- |',
      ...uncertaintyNames.map((name) => {
        const { auc, mutualInformation, pixelCorrelation, diceCorrelation } = errors.detection[name];
        return `| ${name} | ${[auc, mutualInformation, pixelCorrelation, diceCorrelation].map(three).join(' | ')} |`;
      }),
    ]),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, seeds: { type: 'string', default: '1,2,3' } },
  });
  await selectTensorBackend();
  const report = await benchAblation({
    seeds: values.seeds.split(',').map(Number),
    onArm: (seed, arm, scores) => console.error(`seed ${seed} ${row(arm, scores)}`),
  });
  console.log(values.json ? JSON.stringify(report) : reportText(report));
}
