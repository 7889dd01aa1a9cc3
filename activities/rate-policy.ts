/**
 * Rates a policy by the reward networks that all policies of the run share: what its stored validation predictions earn
 * where they differ from those of the others. The reward is not scaled per frame here, so that ratings of different
 * policies can be compared.
 */
import type { RatePolicyInput, RatePolicyResult } from '../contracts/activities.ts';
import { preprocessLabels } from '../datasets/preprocessing.ts';
import { withDisposables } from '../ground/disposables.ts';
import { findJsonMadeFrom, writeFirstJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, breathe, logWork } from './context.ts';
import { type Ratings, RatingsSchema } from './evaluation/documents.ts';
import { meanOf, ratingOfVideo } from './evaluation/video-rating.ts';
import { loadReward, rewardInputs } from './rewards/reward-networks.ts';
import { readPrediction } from './videos/predictions.ts';
import { prepareVideo } from './videos/prepared-video.ts';
import { tryVideo } from './videos/quarantine.ts';

export async function ratePolicy(
  input: RatePolicyInput,
  context: ActivityContext,
): Promise<RatePolicyResult> {
  const key = activityKeys.ratings(input.run, input.iteration);
  const inputs = [input.policy, ...rewardInputs(input.reward)];
  const present = await findJsonMadeFrom(context, { key, schema: RatingsSchema }, inputs);
  if (present) return resultOf(input, present);
  const rated = await rate(input, context);
  // What is stored holds: a run that is begun again finds that, and chooses its policy anew by it.
  const { value } = await writeFirstJson(context, { key, schema: RatingsSchema }, rated, inputs);
  logWork(context, 'ratePolicy', key);
  return resultOf(input, value);
}

function rate(input: RatePolicyInput, context: ActivityContext): Promise<Ratings> {
  return withDisposables(async (keep) => {
    const { config, plan } = await readRun(input, context);
    const reward = keep(await loadReward(context, input.reward));
    const sweep = { ...input, split: 'validation' } as const;
    const videos: Record<string, number> = {};
    const ids = plan.validation.flat();
    const rateVideo = async (id: string): Promise<void> => {
      const predicted = await readPrediction(sweep, id, context);
      if (!predicted) return;
      const { video } = await prepareVideo(context, config.target, id, config.preprocessing);
      const segmentation = preprocessLabels(predicted.labels, config.preprocessing);
      const map = reward.ofVideo(video, segmentation, config.inference);
      const rated = await ratingOfVideo({ id, map, segmentation }, input, config, context);
      if (rated !== undefined) videos[id] = rated;
    };
    for (const [index, id] of ids.entries()) {
      await tryVideo(context, input.run, id, () => rateVideo(id));
      context.heartbeat({ step: index + 1, total: ids.length });
      await breathe(context);
    }
    return { videos };
  });
}

function resultOf({ iteration }: RatePolicyInput, { videos }: Ratings): RatePolicyResult {
  const rewards = Object.values(videos);
  return { iteration, reward: rewards.length > 0 ? meanOf(rewards) : 0, videos: rewards.length };
}
