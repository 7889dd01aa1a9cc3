/**
 * Reward labelling of one shard (method.md 4): each predicted video gives triples of image, segmentation and error map,
 * or none.
 */
import type { LabelShardInput, LabelShardResult } from '../contracts/activities.ts';
import { noLabels } from '../decisions/label-counts.ts';
import { shardOf } from '../decisions/plan.ts';
import { findArtefact, readArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { LabellingTools } from './rewards/labelling-tools.ts';
import { decodeLabelling } from './rewards/triple-file.ts';
import { eachVideo } from './videos/each-video.ts';
import { prepareVideo } from './videos/prepared-video.ts';

export async function labelShard(
  input: LabelShardInput,
  context: ActivityContext,
): Promise<LabelShardResult> {
  const { run, iteration } = input;
  const { config, plan } = await readRun(input, context);
  const counts = { ...noLabels };
  let tools: LabellingTools | undefined;
  try {
    const result = await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const key = activityKeys.triples(run, iteration, id);
      const prediction = await findArtefact(context.store, runKeys.prediction(run, iteration, 'target', id));
      // Set aside when it was predicted, and counted there.
      if (!prediction) return 'skip';
      const present = await findArtefact(context.store, key);
      let file = present && (await readArtefact(context.store, present));
      if (!file) {
        const prepared = await prepareVideo(context, config.target, id, config.preprocessing);
        tools ??= await LabellingTools.load(input, config, context);
        file = await tools.label(id, prepared.video);
        const made = [prepared.reference, input.policy, ...(input.autoencoder ? [input.autoencoder] : [])];
        await writeBytes(context, key, file, made, 'application/gzip');
        logWork(context, 'labelShard', key);
      }
      const { outcome, triples } = decodeLabelling(file);
      counts[outcome]++;
      counts.triples += triples;
      return 'done';
    });
    return { ...result, counts };
  } finally {
    tools?.dispose();
  }
}
