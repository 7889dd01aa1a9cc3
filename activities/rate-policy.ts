/**
 * Rates a policy by the reward networks that all policies of the run share: the mean reward of its stored validation predictions.
 * The reward is not scaled per frame here, so that ratings of different policies can be compared.
 */
import { z } from 'zod';
import type { RatePolicyInput, RatePolicyResult } from '../contracts/activities.ts';
import { readLabelNifti } from '../datasets/nifti.ts';
import { preprocessLabels } from '../datasets/preprocessing.ts';
import { rewardMap } from '../method/inference/predict-video.ts';
import { minimumOf } from '../method/rewards/fusion.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, breathe, logWork } from './context.ts';
import { loadRewardNetworks } from './rewards/reward-networks.ts';
import { prepareVideo } from './videos/prepared-video.ts';

export const RatingsSchema = z.strictObject({
  /** Mean reward of each video that has a prediction, in [0, 1]. */
  videos: z.record(z.string(), z.number()),
});

export async function ratePolicy(
  input: RatePolicyInput,
  context: ActivityContext,
): Promise<RatePolicyResult> {
  const key = activityKeys.ratings(input.run, input.iteration);
  const present = await findJson(context, key, RatingsSchema);
  return resultOf(input, present?.value ?? (await rate(input, context, key)));
}

async function rate(
  input: RatePolicyInput,
  context: ActivityContext,
  key: string,
): Promise<z.infer<typeof RatingsSchema>> {
  const { run, iteration, reward } = input;
  const { config, plan } = await readRun(input, context);
  const networks = await loadRewardNetworks(context, reward);
  const videos: Record<string, number> = {};
  try {
    const ids = plan.validation.flat();
    for (const [index, id] of ids.entries()) {
      const found = await findArtefact(context.store, runKeys.prediction(run, iteration, 'validation', id));
      if (found) {
        const { video } = await prepareVideo(context, config.target, id, config.preprocessing);
        const prediction = readLabelNifti(await context.cache.read(found), id);
        const segmentation = preprocessLabels(prediction, config.preprocessing);
        const maps = networks.map(({ network, temperature }) =>
          rewardMap(network, video, segmentation, config.inference, temperature),
        );
        videos[id] = meanOf(minimumOf(maps));
      }
      context.heartbeat({ step: index + 1, total: ids.length });
      await breathe(context);
    }
  } finally {
    for (const { network } of networks) network.dispose();
  }
  const document = { videos };
  await writeJson(context, key, document, [
    input.policy,
    reward.network,
    ...(reward.landmark ? [reward.landmark] : []),
  ]);
  logWork(context, 'ratePolicy', key);
  return document;
}

function resultOf(
  { iteration }: RatePolicyInput,
  { videos }: z.infer<typeof RatingsSchema>,
): RatePolicyResult {
  const rewards = Object.values(videos);
  return { iteration, reward: rewards.length > 0 ? meanOf(rewards) : 0, videos: rewards.length };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
