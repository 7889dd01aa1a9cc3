/** What the segmentation of one video earns among those of the policies that stand for election (method.md 1). */
import type { RatePolicyInput } from '../../contracts/activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { preprocessLabels } from '../../datasets/preprocessing.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { contestedReward } from '../../method/rewards/contested-reward.ts';
import type { ActivityContext } from '../context.ts';
import { readPrediction } from '../videos/predictions.ts';

export interface RatedVideo {
  readonly id: string;
  /** The policy's own, on the grid of the networks. */
  readonly segmentation: LabelVideo;
  /** What it earns, not scaled per frame, [frames, rows, columns]. */
  readonly map: Float32Array;
}

/** Undefined where all policies segment it alike. */
export async function ratingOfVideo(
  { id, segmentation, map }: RatedVideo,
  { run, iteration, among }: RatePolicyInput,
  { preprocessing }: RunConfig,
  context: ActivityContext,
): Promise<number | undefined> {
  // A run that an older version started names no others.
  if (!among) return meanOf(map);
  const segmentations = [segmentation.labels];
  for (const other of among.filter((one) => one !== iteration)) {
    const predicted = await readPrediction({ run, iteration: other, split: 'validation' }, id, context);
    if (predicted) segmentations.push(preprocessLabels(predicted.labels, preprocessing).labels);
  }
  return contestedReward(map, segmentations);
}

/** Mean of numbers; at least one. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
