/** What fine-tuning is judged by: the mean reward of a policy on the validation videos. */
import type { FineTuneInput, RatedPolicy } from '../../contracts/training-activities.ts';
import { withDisposables } from '../../ground/disposables.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { meanPolicyReward } from '../../method/ppo/policy-reward.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breathe } from '../context.ts';
import { comparableReward, loadReward } from '../rewards/reward-networks.ts';
import { shelveVideos } from '../videos/usable-videos.ts';
import { VideoShelf, windowsFrom } from '../videos/video-shelf.ts';
import { targetVideos } from './learners.ts';

/**
 * Not scaled per frame, in [0, 1]; nothing without validation videos, nor with the group-relative objective, whose
 * result is not chosen by the mean reward (method.md 6.3).
 */
export async function validationReward(
  policy: UNet3D,
  input: Pick<FineTuneInput, 'run' | 'reward'>,
  facts: RunFacts,
  context: ActivityContext,
): Promise<number | undefined> {
  const { config } = facts;
  const videos = validationVideos(facts);
  if (videos.length === 0) return undefined;
  return withDisposables(async (keep) => {
    const shelf = keep(new VideoShelf());
    const reward = comparableReward(keep(await loadReward(context, input.reward)));
    const usable = await shelveVideos(shelf, targetVideos(input, facts, videos), context);
    const rated = meanPolicyReward(policy, reward, windowsFrom(shelf, usable), {
      videos: usable.length,
      windowFrames: config.training.windowFrames,
    });
    await breathe(context);
    return rated;
  });
}

/** Those that a fine-tuning is judged on. */
export function validationVideos({ config, plan }: RunFacts): string[] {
  if (config.ppo.objective === 'group') return [];
  return plan.validation.flat().slice(0, config.ppo.validationVideos);
}

/** The policy that a fine-tuning starts from, which stands for election too; nothing without validation videos. */
export async function rateStart(
  policy: UNet3D,
  input: Pick<FineTuneInput, 'run' | 'reward' | 'policy'>,
  facts: RunFacts,
  context: ActivityContext,
): Promise<RatedPolicy | undefined> {
  const reward = await validationReward(policy, input, facts, context);
  return reward === undefined ? undefined : { policy: input.policy, validationReward: reward };
}
