/** A fine-tuning of one worker over an iteration (method.md 6) at its first step. */
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import { sweepOf } from '../../decisions/plan.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { FineTune } from '../../method/ppo/fine-tune.ts';
import type { WindowReward } from '../../method/rewards/reward.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { comparableReward } from '../rewards/reward-networks.ts';
import { shelveVideos } from '../videos/usable-videos.ts';
import { VideoShelf, windowsFrom } from '../videos/video-shelf.ts';
import { fineTuneOptions, loadLearners, targetVideos } from './learners.ts';
import { validationVideos } from './validation-reward.ts';

/**
 * Networks and videos are kept to be freed; `policy` changes with the steps.
 * @param only takes the place of the run's reward, in training and when the best epoch is chosen.
 */
export async function openFineTuning(
  input: FineTuneInput,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
  only?: WindowReward,
): Promise<{ readonly training: FineTune; readonly policy: UNet3D }> {
  const { config, plan } = facts;
  const shelf = keep(new VideoShelf());
  const learners = await loadLearners(input, facts, context, keep);
  const videos = sweepOf(plan, input.iteration);
  const options = await fineTuneOptions({ input, facts, learners, videos, ppo: config.ppo }, context);
  const held = validationVideos(facts);
  const usable = held.length > 0 ? await shelveVideos(shelf, targetVideos(input, facts, held), context) : [];
  const validation = {
    windows: windowsFrom(shelf, usable),
    reward: only ?? comparableReward(learners.reward),
  };
  const training = keep(new FineTune({ ...options, reward: only ?? options.reward, validation }));
  return { training, policy: learners.policy };
}
