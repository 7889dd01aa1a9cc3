/**
 * Which uncertainty finds a policy's errors on annotated videos (method.md 9.6): that of the confidence map, of its
 * parts alone, the entropy of the policy's mean over thinned-out copies. All on the grid of the file, where prediction
 * or reference is foreground.
 */
import { loadNetwork } from '../../activities/artefacts/networks.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { loadReward } from '../../activities/rewards/reward-networks.ts';
import type { RewardModel } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { geometryOf } from '../../imaging/image.ts';
import { certaintyOf, confidenceMap, policyProbabilities } from '../../method/inference/predict-video.ts';
import { segmentPrepared } from '../../method/inference/segment-prepared.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import type { Reward } from '../../method/rewards/reward.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { areaUnderRoc } from '../../metrics/ranking.ts';
import {
  expectedCalibrationError,
  foregroundConfidence,
  mutualInformation,
  pearsonCorrelation,
} from '../../metrics/uncertainty.ts';
import { dropConnections } from './drop-connect.ts';
import type { TestCase } from './scored-video.ts';

/**
 * What is compared: what `segment` writes, the fused reward networks, the anatomical one alone, and two entropies over
 * their maximum.
 */
export const uncertaintyNames = [
  'confidence map',
  'reward networks',
  'anatomical reward network',
  'policy entropy',
  'MC DropConnect',
] as const;
export type UncertaintyName = (typeof uncertaintyNames)[number];

/** Over the pixels of all videos together; null where a measure is not defined, as without an error. */
export interface ErrorDetection {
  readonly auc: number | null;
  /** Nats. */
  readonly mutualInformation: number;
  /** Pearson, of error and uncertainty over pixels. */
  readonly pixelCorrelation: number | null;
  /** Pearson, of mean uncertainty and mean Dice over videos. */
  readonly diceCorrelation: number | null;
}

export interface DetectionReport {
  /** Of the anatomical reward network, scaled by its temperature; 20 bins, the pixels of all videos together. */
  readonly ece: number;
  /** The same of the confidence map. */
  readonly confidenceEce: number;
  readonly temperature: number;
  readonly pixels: number;
  readonly wrongPixels: number;
  readonly detection: Readonly<Record<UncertaintyName, ErrorDetection>>;
}

const PASSES = 10;
const DROP_RATE = 0.1;

/** Pixels of one uncertainty, video after video. */
interface Collected {
  readonly confidence: Float32Array[];
  readonly meanUncertainty: number[];
}

/** @param cases with references */
export async function detectErrors(
  policyRef: ArtefactRef,
  reward: RewardModel,
  config: RunConfig,
  cases: Iterable<TestCase>,
  context: ActivityContext,
): Promise<DetectionReport> {
  const loaded: { dispose(): void }[] = [];
  const keep = <Part extends { dispose(): void }>(part: Part): Part => {
    loaded.push(part);
    return part;
  };
  try {
    const policy = keep(await loadNetwork(context, policyRef, 'policy'));
    const { network, temperature } = reward;
    const whole = keep(await loadReward(context, reward));
    const anatomicalAlone = keep(await loadReward(context, { network, temperature }));
    const weights = policy.toArrays();
    const thinned = keep(UNet3D.fromArrays(policy.config, weights));
    const passes = Array.from({ length: PASSES }, (_, pass) =>
      dropConnections(weights, DROP_RATE, randomStream(config.seed, 'drop-connect', pass)),
    );
    const collected = new Map<UncertaintyName, Collected>(
      uncertaintyNames.map((name) => [name, { confidence: [], meanUncertainty: [] }]),
    );
    const correct: Uint8Array[] = [];
    const dice: number[] = [];
    for (const { image, reference } of cases) {
      if (!reference) continue;
      const prepared = preprocess(image, config.preprocessing);
      const segmented = segmentPrepared(policy, prepared, config.inference);
      const segmentation = segmented.predicted();
      const mapOf = (reward: Reward): Float32Array =>
        reward.ofVideo(prepared.video, segmentation, config.inference);
      const ofAnatomy = mapOf(anatomicalAlone);
      const mean = new Float32Array(CLASS_COUNT * segmentation.labels.length);
      for (const arrays of passes) {
        thinned.assign(arrays);
        const drawn = policyProbabilities(thinned, prepared.video, config.inference);
        for (let i = 0; i < mean.length; i++) mean[i]! += drawn[i]! / PASSES;
      }
      const ofRewards = mapOf(whole);
      const maps: Readonly<Record<UncertaintyName, Float32Array>> = {
        'confidence map': confidenceMap(ofRewards, segmentation.certainty),
        'reward networks': ofRewards,
        'anatomical reward network': ofAnatomy,
        'policy entropy': segmentation.certainty,
        'MC DropConnect': certaintyOf(mean, policy.config.outputChannels),
      };
      for (const name of uncertaintyNames) {
        const map = prepared.restoreMap({ ...geometryOf(prepared.video), intensities: maps[name] });
        const pixels = foregroundConfidence(segmented.labels, reference, map);
        collected.get(name)!.confidence.push(pixels.confidence);
        collected.get(name)!.meanUncertainty.push(1 - meanOf(pixels.confidence));
        if (name === uncertaintyNames[0]) correct.push(pixels.correct);
      }
      dice.push(diceOf(segmented.labels, reference).mean);
    }
    return report(collected, correct, dice, reward.temperature);
  } finally {
    for (const part of loaded) part.dispose();
  }
}

function report(
  collected: ReadonlyMap<UncertaintyName, Collected>,
  correct: readonly Uint8Array[],
  dice: readonly number[],
  temperature: number,
): DetectionReport {
  const right = Uint8Array.from(joined(correct));
  const wrong = right.map((value) => 1 - value);
  const measure = (name: UncertaintyName): ErrorDetection => {
    const { confidence, meanUncertainty } = collected.get(name)!;
    const uncertainty = joined(confidence).map((value) => 1 - value);
    return {
      auc: areaUnderRoc(wrong, uncertainty) ?? null,
      mutualInformation: mutualInformation(wrong, uncertainty).nats,
      pixelCorrelation: pearsonCorrelation(wrong, uncertainty) ?? null,
      diceCorrelation: pearsonCorrelation(meanUncertainty, dice) ?? null,
    };
  };
  const ece = (name: UncertaintyName): number =>
    expectedCalibrationError(joined(collected.get(name)!.confidence), right);
  return {
    ece: ece('anatomical reward network'),
    confidenceEce: ece('confidence map'),
    temperature,
    pixels: right.length,
    wrongPixels: wrong.reduce((sum, value) => sum + value, 0),
    detection: {
      'confidence map': measure('confidence map'),
      'reward networks': measure('reward networks'),
      'anatomical reward network': measure('anatomical reward network'),
      'policy entropy': measure('policy entropy'),
      'MC DropConnect': measure('MC DropConnect'),
    },
  };
}

/** For people, in Markdown. */
export function detectionText(errors: DetectionReport): string {
  const three = (value: number | null): string => value?.toFixed(3) ?? '-';
  const rows = uncertaintyNames.map((name) => {
    const { auc, mutualInformation, pixelCorrelation, diceCorrelation } = errors.detection[name];
    return `| ${name} | ${[auc, mutualInformation, pixelCorrelation, diceCorrelation].map(three).join(' | ')} |`;
  });
  return [
    `Anatomical reward network: ECE ${three(errors.ece)} (published 0.054), temperature ${errors.temperature.toFixed(2)}; ` +
      `of the confidence map ${three(errors.confidenceEce)}; ${errors.wrongPixels} of ${errors.pixels} pixels are wrong.`,
    '',
    '| uncertainty | AUC | mutual information | correlation with error | correlation with Dice |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function meanOf(values: Float32Array): number {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 1;
}

function joined(parts: readonly (Float32Array | Uint8Array)[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    result.set(part, start);
    start += part.length;
  }
  return result;
}
