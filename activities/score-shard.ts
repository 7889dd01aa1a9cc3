/** Scores the predictions of one shard, against the reference where there is one (method.md 9). */
import { z } from 'zod';
import type { ShardInput, ShardResult } from '../contracts/activities.ts';
import { readLabelNifti } from '../datasets/nifti.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { type VideoScore, VideoScoreSchema } from '../metrics/evaluation.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readRun, shardOf } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { eachVideo } from './videos/each-video.ts';

export const ShardScoresSchema = z.strictObject({
  scores: z.array(VideoScoreSchema),
  quarantined: z.int().min(0),
});

export async function scoreShard(input: ShardInput, context: ActivityContext): Promise<ShardResult> {
  const key = activityKeys.scores(input);
  const present = await findJson(context, key, ShardScoresSchema);
  if (present) return { done: present.value.scores.length, quarantined: present.value.quarantined };

  const { run, iteration, split } = input;
  const { config, plan } = await readRun(input, context);
  const scores: VideoScore[] = [];
  const inputs: ArtefactRef[] = [];
  const result = await eachVideo(input, shardOf(plan, input), context, async (id) => {
    const prediction = await findArtefact(context.store, runKeys.prediction(run, iteration, split, id));
    // Set aside when it was predicted, and counted there.
    if (!prediction) return 'skip';
    const reference = await findArtefact(context.store, datasetKeys.labels(config.target, id));
    const predicted = readLabelNifti(await context.cache.read(prediction), id);
    const expected = reference && readLabelNifti(await context.cache.read(reference), id);
    scores.push(scoreVideo(id, predicted, expected));
    inputs.push(prediction, ...(reference ? [reference] : []));
    return 'done';
  });
  const document: z.infer<typeof ShardScoresSchema> = { scores, quarantined: result.quarantined };
  await writeJson(context, key, document, inputs);
  logWork(context, 'scoreShard', key);
  return result;
}
