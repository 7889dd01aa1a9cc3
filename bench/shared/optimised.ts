/**
 * Test-time optimisation of test videos (method.md 8), and its control: the same number of candidates, chosen by the
 * same rule, whose weights differ from the policy's by noise as large as what each pass of the optimisation changed.
 */
import type { SegmentationSettings } from '../../app/segmentation/segment-video.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import { randomStream } from '../../ground/random.ts';
import { segmentPrepared } from '../../method/inference/segment-prepared.ts';
import {
  type OptimisedVideo,
  optimisationReward,
  segmentOptimised,
} from '../../method/inference/test-time-optimisation.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { perturbWeights } from '../../method/rewards/degradation.ts';
import type { Reward } from '../../method/rewards/reward.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import { measuresOf, type ScoredVideo, type TestCase } from './scored-video.ts';

/** A policy with the reward that it is optimised by. */
export interface OptimisedPolicy extends SegmentationSettings {
  readonly policy: UNet3D;
  readonly reward: Reward;
  /** Where the inference completes by them. */
  readonly shapes?: LinearShapes | undefined;
}

/** The same videos in the same order. */
export interface OptimisedScores {
  readonly optimised: readonly ScoredVideo[];
  readonly perturbed: readonly ScoredVideo[];
  readonly effect: OptimisationEffect;
}

/** How many of the invalid videos became valid, in anatomy and over time. */
export interface OptimisationEffect {
  readonly videos: number;
  readonly invalidBefore: number;
  readonly repaired: number;
  readonly repairedByNoise: number;
}

const SEED = 0;

export function scoreOptimised(model: OptimisedPolicy, cases: Iterable<TestCase>): OptimisedScores {
  const optimised: ScoredVideo[] = [];
  const perturbed: ScoredVideo[] = [];
  const effect = { videos: 0, invalidBefore: 0, repaired: 0, repairedByNoise: 0 };
  for (const one of cases) {
    const found = optimiseBothWays(model, one);
    const scored = ({ labels }: OptimisedVideo): ScoredVideo => ({
      id: one.id,
      patient: one.patient,
      measures: measuresOf(one, labels),
    });
    optimised.push(scored(found.optimised));
    perturbed.push(scored(found.perturbed));
    effect.videos++;
    if (found.optimised.validBefore) continue;
    effect.invalidBefore++;
    effect.repaired += Number(found.optimised.validAfter);
    effect.repairedByNoise += Number(found.perturbed.validAfter);
  }
  return { optimised, perturbed, effect };
}

function optimiseBothWays(
  { policy, reward, shapes, preprocessing, inference, optimisation }: OptimisedPolicy,
  { id, image }: TestCase,
): { readonly optimised: OptimisedVideo; readonly perturbed: OptimisedVideo } {
  const prepared = preprocess(image, preprocessing);
  const input = {
    policy,
    reward: optimisationReward(reward, optimisation, preprocessing.spacingMm),
    prepared,
    inference,
    prediction: { shapes },
    seed: SEED,
    config: optimisation,
  };
  const weights = policy.toArrays();
  // How far each pass has gone from the policy.
  const distances: number[] = [];
  const optimised = segmentOptimised(input, {
    segment: (network) => {
      if (network !== policy) distances.push(rootMeanSquare(weights, network.toArrays()));
      return segmentPrepared(network, prepared, inference, input.prediction);
    },
  });
  const perturbed = segmentOptimised(input, {
    change: (copy, pass) => {
      // The optimisation ends when it succeeds; the control has as many candidates as it could have had.
      const distance = distances[pass - 1] ?? distances.at(-1)!;
      copy.assign(perturbWeights(weights, distance, randomStream(SEED, 'perturbation', id, pass)));
    },
  });
  return { optimised, perturbed };
}

/** Of the differences between all weights of two networks of one shape. */
function rootMeanSquare(a: NamedArrays, b: NamedArrays): number {
  let sum = 0;
  let count = 0;
  for (const [name, { data }] of Object.entries(a)) {
    const other = b[name]!.data;
    for (let i = 0; i < data.length; i++) sum += (data[i]! - other[i]!) ** 2;
    count += data.length;
  }
  return Math.sqrt(sum / count);
}
