/** Test-time optimisation of every test video (method.md 8), in the way of `segment --tto`. */
import { loadNetwork } from '../../activities/artefacts/networks.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { loadReward } from '../../activities/rewards/reward-networks.ts';
import { segmentVideo } from '../../app/segmentation/segment-video.ts';
import type { RunInput } from '../../contracts/activities.ts';
import type { RewardModel } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Reward } from '../../method/rewards/reward.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { scoreVideo } from '../../metrics/score-video.ts';
import { testVideos } from './test-videos.ts';

export async function scoreOptimised(
  refs: RunInput,
  policyRef: ArtefactRef,
  rewardModel: RewardModel,
  config: RunConfig,
  context: ActivityContext,
): Promise<VideoScore[]> {
  const policy = await loadNetwork(context, policyRef, 'policy');
  let reward: Reward | undefined;
  const scores: VideoScore[] = [];
  try {
    reward = await loadReward(context, rewardModel);
    for await (const { id, video, reference } of testVideos(refs, context)) {
      const { labels } = segmentVideo(video, policy, config, {
        augment: false,
        optimise: true,
        uncertainty: false,
        reward,
      });
      scores.push(scoreVideo(id, labels, reference));
    }
    return scores;
  } finally {
    policy.dispose();
    reward?.dispose();
  }
}

export interface OptimisationEffect {
  readonly invalidBefore: number;
  /** Of those, valid after. */
  readonly repaired: number;
  readonly validBefore: number;
  /** Of those, invalid after or of lower mean Dice. */
  readonly worse: number;
}

/** Both lists score the same videos in the same order; valid means in anatomy and over time. */
export function effectOf(before: readonly VideoScore[], after: readonly VideoScore[]): OptimisationEffect {
  const valid = ({ anatomical, temporal }: VideoScore): boolean => anatomical.valid && temporal.valid;
  const pairs = before.map((was, index) => {
    const is = after[index];
    if (is?.id !== was.id) throw new Error(`${was.id} was scored before the optimisation, not after it.`);
    return { was, is };
  });
  const invalid = pairs.filter(({ was }) => !valid(was));
  const fine = pairs.filter(({ was }) => valid(was));
  return {
    invalidBefore: invalid.length,
    repaired: invalid.filter(({ is }) => valid(is)).length,
    validBefore: fine.length,
    worse: fine.filter(({ was, is }) => !valid(is) || is.dice!.mean! < was.dice!.mean!).length,
  };
}
