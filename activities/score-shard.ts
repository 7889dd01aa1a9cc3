/** Scores the predictions of one shard, against the reference where there is one (method.md 9). */
import type { ShardInput, ShardResult } from '../contracts/activities.ts';
import { readLabelNifti } from '../datasets/nifti.ts';
import { shardOf } from '../decisions/plan.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { VideoScore } from '../metrics/evaluation.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { datasetKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import { type ShardScores, ShardScoresSchema } from './evaluation/documents.ts';
import { eachVideo } from './videos/each-video.ts';
import { readPrediction } from './videos/predictions.ts';

export async function scoreShard(input: ShardInput, context: ActivityContext): Promise<ShardResult> {
  const key = activityKeys.scores(input);
  const present = await findJson(context, key, ShardScoresSchema);
  if (present) return { done: present.value.scores.length, quarantined: present.value.quarantined };

  const { config, plan } = await readRun(input, context);
  const scores: VideoScore[] = [];
  const inputs: ArtefactRef[] = [];
  const result = await eachVideo(input, shardOf(plan, input), context, async (id) => {
    const predicted = await readPrediction(input, id, context);
    if (!predicted) return 'skip';
    const reference = await findArtefact(context.store, datasetKeys.labels(config.target, id));
    const expected = reference && readLabelNifti(await context.cache.read(reference), id);
    scores.push(scoreVideo(id, predicted.labels, expected));
    inputs.push(predicted.reference, ...(reference ? [reference] : []));
    return 'done';
  });
  const document: ShardScores = { scores, quarantined: result.quarantined };
  await writeJson(context, key, document, inputs);
  logWork(context, 'scoreShard', key);
  return result;
}
