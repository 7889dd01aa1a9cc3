/**
 * Reward labelling of one shard (method.md 4): each predicted video gives triples of image, segmentation and error map,
 * or none.
 */
import type { LabelShardInput, LabelShardResult } from '../contracts/activities.ts';
import { readLabelNifti } from '../datasets/nifti.ts';
import { noLabels } from '../decisions/label-counts.ts';
import { shardOf } from '../decisions/plan.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { LabellingTools } from './rewards/labelling-tools.ts';
import { findReadableTriples, storeTriples } from './rewards/triple-artefacts.ts';
import { eachVideo } from './videos/each-video.ts';
import { wholePreparedVideo } from './videos/prepared-frames.ts';

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
      const keys = activityKeys.triples(run, iteration, id);
      const reference = await findArtefact(context.store, runKeys.prediction(run, iteration, 'target', id));
      // Set aside when it was predicted, and counted there.
      if (!reference) return 'skip';
      let triples = await findReadableTriples(context, keys);
      if (!triples) {
        const prepared = await wholePreparedVideo(context, config.target, id, config.preprocessing);
        tools ??= await LabellingTools.load(input, config, context);
        const made = [prepared.reference, ...tools.inputs];
        const bySweep = config.labelling.truth === 'sweep';
        const swept = bySweep ? readLabelNifti(await context.cache.read(reference), id) : undefined;
        const content = await tools.label(id, prepared.video, swept);
        if (bySweep) made.push(reference);
        triples = await storeTriples(context, keys.key, content, made);
        logWork(context, 'labelShard', keys.key);
      }
      counts[triples.labelling.outcome]++;
      counts.triples += triples.count;
      return 'done';
    });
    return { ...result, counts };
  } finally {
    tools?.dispose();
  }
}
