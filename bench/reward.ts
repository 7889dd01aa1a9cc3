/**
 * Whether a reward network is worth optimising (method.md 4.3, 5.1): networks fitted on what labelling makes of the
 * same policy's predictions in several ways, judged on annotated target phantoms. `--policy` is the source policy of
 * that seed, such as `bench adaptation` writes. Exit code 1 when none of them passes the gates.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadNetwork } from '../activities/artefacts/networks.ts';
import type { ActivityContext } from '../activities/context.ts';
import { fitRewardNetwork } from '../activities/fit-reward-network.ts';
import { loadReward } from '../activities/rewards/reward-networks.ts';
import { presets } from '../contracts/presets.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { preprocess, preprocessLabels } from '../datasets/preprocessing.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { cleanVideo } from '../imaging/morphology.ts';
import { predictVideo } from '../method/inference/segment-prepared.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import type { Reward } from '../method/rewards/reward.ts';
import type { LinearShapes } from '../method/shapes/linear-shapes.ts';
import type { Interval } from '../metrics/statistics.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import {
  allChoices,
  type Choices,
  choicesBetween,
  findsErrors,
  type PatientChoices,
  type Rewarded,
  rightBeyondSecond,
  type Suspicions,
  suspicionsOf,
} from './reward/choices.ts';
import {
  benchOptions,
  namedFile,
  refuseOptions,
  someOf,
  threadsOf,
  wholeNumber,
} from './shared/bench-options.ts';
import { inferences } from './shared/inference.ts';
import {
  openPhantoms,
  phantomConfig,
  quickstartCounts,
  sourcePhantomLabels,
  testPhantoms,
} from './shared/phantoms.ts';
import type { TestCase } from './shared/scored-video.ts';
import { shapesOf } from './shared/source-shapes.ts';
import { labelSweep, startRun } from './shared/stages.ts';

/** Ways of labelling, by the names of their rows. */
const labellings: Readonly<Record<string, Partial<NonNullable<(typeof presets.tiny)['labelling']>>>> = {
  usual: {},
  structural: { structural: 4 },
  'structural alone': { structural: 8, weightNoise: [], contrast: [], imageNoise: [] },
  sweep: { truth: 'sweep' },
  'sweep and structural': { truth: 'sweep', structural: 4 },
};
export const arms = Object.keys(labellings);

/** Right in so many of the pixels in which two segmentations differ, so far from even between ventricle and wall. */
const GATES = { right: 0.75, bias: 0.05 } as const;

const pairs = ['cleaned', 'completed'] as const;
type Pair = (typeof pairs)[number];

export interface RewardRow {
  readonly arm: string;
  /** Of the policy's labels and those cleaned, or what the sweep makes of them. */
  readonly choices: Readonly<Record<Pair, Choices>>;
  /** `rightBeyondSecond` of the policy's labels and those completed. */
  readonly beyondCompleted: Interval;
  /** Area under the ROC curve of the policy's wrong pixels; by the reward and by the policy's own certainty. */
  readonly finds: number | undefined;
  readonly entropyFinds: number | undefined;
}

/** A test video on the networks' grid, with the segmentations that are compared. */
interface Example {
  readonly patient: string;
  readonly video: GreyVideo;
  readonly truth: LabelVideo;
  readonly plain: LabelVideo & { readonly certainty: Float32Array };
  readonly others: Readonly<Record<Pair, LabelVideo>>;
}

/** A row for every arm. The tensor back end must be selected before. */
export async function benchReward(options: {
  readonly seed: number;
  readonly policy: Uint8Array;
  readonly videos: number;
  readonly arms: readonly string[];
  readonly onRow: (row: RewardRow) => void;
}): Promise<readonly RewardRow[]> {
  const { seed, policy: bytes, videos, onRow } = options;
  const { context, close } = await openPhantoms(seed, quickstartCounts(2));
  try {
    const stored = await writeArtefact(context.store, 'bench/policy.safetensors', bytes, {
      inputs: [],
      codeVersion: 'bench',
      mediaType: 'application/octet-stream',
    });
    const policy = await loadNetwork(context, stored, 'policy');
    const usual = phantomConfig(seed);
    const shapes = shapesOf(sourcePhantomLabels(seed), usual);
    const examples = Array.from(testPhantoms(seed, videos), (one) => exampleOf(policy, one, usual, shapes));
    policy.dispose();
    const entropyFinds = findsErrors(
      examples.map(({ plain, truth }) => suspicionsOf(plain, truth, plain.certainty)),
    );
    const rows: RewardRow[] = [];
    for (const arm of options.arms) {
      const labelling = { ...presets.tiny.labelling, ...labellings[arm] };
      const reward = await fittedReward(arm, phantomConfig(seed, { labelling }), stored, context);
      const row = { arm, ...rowOf(reward, examples), entropyFinds };
      reward.dispose();
      rows.push(row);
      onRow(row);
    }
    return rows;
  } finally {
    await close();
  }
}

async function fittedReward(
  arm: string,
  config: RunConfig,
  policy: ArtefactRef,
  context: ActivityContext,
): Promise<Reward> {
  const { refs, plan } = await startRun(context, arm.replaceAll(' ', '-'), config);
  await labelSweep({ ...refs, iteration: 1, policy }, plan, undefined, context);
  const { reward } = await fitRewardNetwork({ ...refs, iteration: 1 }, context);
  return loadReward(context, reward);
}

function exampleOf(
  policy: UNet3D,
  { image, reference, patient }: TestCase,
  { preprocessing }: RunConfig,
  shapes: LinearShapes,
): Example {
  const { video } = preprocess(image, preprocessing);
  const plain = predictVideo(policy, video, inferences.plain);
  const completed = predictVideo(policy, video, inferences['full by shapes'], { shapes });
  return {
    patient,
    video,
    truth: preprocessLabels(reference!, preprocessing),
    plain,
    others: { cleaned: cleanVideo(plain), completed },
  };
}

function rowOf(reward: Reward, examples: readonly Example[]): Omit<RewardRow, 'arm' | 'entropyFinds'> {
  const found: Record<Pair, PatientChoices[]> = { cleaned: [], completed: [] };
  const suspicions: Suspicions[] = [];
  for (const { patient, video, truth, plain, others } of examples) {
    const rewarded = (labels: LabelVideo): Rewarded => ({
      labels: labels.labels,
      reward: reward.ofVideo(video, labels, inferences.plain),
    });
    const first = rewarded(plain);
    for (const pair of pairs) {
      const choices = choicesBetween(first, rewarded(others[pair]), truth.labels);
      found[pair].push({ patient, ...choices });
    }
    suspicions.push(suspicionsOf(plain, truth, first.reward));
  }
  return {
    choices: { cleaned: allChoices(found.cleaned), completed: allChoices(found.completed) },
    beyondCompleted: rightBeyondSecond(found.completed),
    finds: findsErrors(suspicions),
  };
}

/** The gates of a reward that is worth optimising. */
export function gatesPassed({ choices, finds, entropyFinds }: RewardRow): boolean {
  const { pixels, right } = choices.completed;
  return (
    right >= GATES.right * pixels &&
    Math.abs(biasOf(choices.completed)) < GATES.bias &&
    finds! > entropyFinds!
  );
}

/** How much oftener the ventricle is preferred to the wall than it is right; the other way round below zero. */
function biasOf({ ventricleOrWall, prefersVentricle, isVentricle }: Choices): number {
  return (prefersVentricle - isVentricle) / ventricleOrWall;
}

/** For people, in Markdown. */
export function tableText(rows: readonly RewardRow[]): string {
  const points = (share: number): string => (100 * share).toFixed(1);
  const percent = (part: number, whole: number): string => ((100 * part) / whole).toFixed(1);
  return [
    '| labelling | right, cleaned % (the policy alone) | right, completed % (the policy alone) | beyond always the completed one, points | bias to ventricle | finds errors, AUC (entropy) | gates |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => {
      const right = ({ pixels, right, firstRight }: Choices) =>
        `${percent(right, pixels)} (${percent(firstRight, pixels)})`;
      const { cleaned, completed } = row.choices;
      const { mean, low, high } = row.beyondCompleted;
      const cells = [
        row.arm,
        right(cleaned),
        right(completed),
        `${points(mean)} (${points(low)} to ${points(high)})`,
        biasOf(completed).toFixed(3),
        `${row.finds?.toFixed(3)} (${row.entropyFinds?.toFixed(3)})`,
        gatesPassed(row) ? 'passed' : 'not passed',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    seed: { type: 'string', default: '1' },
    policy: { type: 'string' },
    videos: { type: 'string', default: '40' },
    arms: { type: 'string', default: arms.join(',') },
    threads: { type: 'string' },
  });
  if (values.policy === undefined) refuseOptions('Name the source policy: --policy FILE.');
  await selectTensorBackend(threadsOf(values.threads));
  const rows = await benchReward({
    seed: wholeNumber('--seed', values.seed, 0),
    policy: readFileSync(namedFile('--policy', values.policy)),
    videos: wholeNumber('--videos', values.videos),
    arms: someOf('--arms', values.arms, arms),
    onRow: (row) => console.error(tableText([row]).split('\n').at(-1)),
  });
  console.log(values.json ? JSON.stringify(rows) : tableText(rows));
  if (!rows.some(gatesPassed)) process.exitCode = 1;
}
