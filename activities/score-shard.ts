/** Scores the predictions of one shard, against the reference where there is one (method.md 9). */
import type { ShardInput, ShardResult } from '../contracts/activities.ts';
import { isScoredPlainly } from '../contracts/plain-inference.ts';
import { readReference } from '../datasets/nifti.ts';
import { shardOf } from '../decisions/plan.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { VideoScore } from '../metrics/evaluation.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, logWork } from './context.ts';
import type { ShardScores } from './evaluation/documents.ts';
import { findScored } from './evaluation/stored-scores.ts';
import { eachVideo } from './videos/each-video.ts';
import { readPrediction } from './videos/predictions.ts';

export async function scoreShard(input: ShardInput, context: ActivityContext): Promise<ShardResult> {
  const { run, iteration, split } = input;
  const key = activityKeys.scores(input);
  const { config, plan } = await readRun(input, context);
  const videos = shardOf(plan, input);
  const predictions = videos.map((id) => runKeys.prediction(run, iteration, split, id));
  const present = await findScored(context, key, predictions);
  if (present) return present;

  const scores: VideoScore[] = [];
  const plain: VideoScore[] = [];
  const inputs: ArtefactRef[] = [];
  const ways = [
    { split: input.split, into: scores },
    ...(isScoredPlainly(input, config.inference) ? [{ split: 'plain' as const, into: plain }] : []),
  ];
  const result = await eachVideo(input, videos, context, async (id) => {
    const predicted = await Promise.all(
      ways.map(({ split }) => readPrediction({ ...input, split }, id, context)),
    );
    // Set aside when it was predicted, and counted there.
    if (predicted.includes(undefined)) return 'skip';
    const reference = await findArtefact(context.store, datasetKeys.labels(config.target, id));
    for (const [i, one] of predicted.entries()) {
      const { labels, layout, reference: prediction } = one!;
      const grid = { ...labels, layout };
      const expected = reference && readReference(await context.cache.read(reference), id, grid);
      ways[i]!.into.push(scoreVideo(id, labels, expected));
      inputs.push(prediction);
    }
    if (reference) inputs.push(reference);
    return 'done';
  });
  const document: ShardScores = {
    scores,
    quarantined: result.quarantined,
    ...(ways.length > 1 && { plain }),
  };
  await writeJson(context, key, document, inputs);
  logWork(context, 'scoreShard', key);
  return result;
}
