/** Scores the masks of one system for a shard of test videos (method.md 9), by the same metrics as every evaluation. */
import type { ShardResult } from '../../../contracts/activities.ts';
import type { ScoreSystemInput } from '../../../contracts/comparison-activities.ts';
import { readLabelFile, readReference } from '../../../datasets/nifti.ts';
import { shardOf } from '../../../decisions/plan.ts';
import type { ArtefactRef } from '../../../ground/artefact-ref.ts';
import type { VideoScore } from '../../../metrics/evaluation.ts';
import { scoreVideo } from '../../../metrics/score-video.ts';
import { findArtefact } from '../../../storage/artefacts.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { datasetKeys } from '../../../storage/keys.ts';
import { writeJson } from '../../artefacts/json-artefact.ts';
import { readRun } from '../../artefacts/run-facts.ts';
import { type ActivityContext, logWork } from '../../context.ts';
import { findScored } from '../../evaluation/stored-scores.ts';
import { eachVideo } from '../../videos/each-video.ts';
import { ofRow, readRows, rowNamed } from '../rows.ts';

/**
 * Videos without a mask are not scored; they are counted where they are predicted. Whoever competes is scored against
 * the dataset's references; experts against each other, and never against the dataset where the other one drew nothing.
 */
export async function scoreSystem(input: ScoreSystemInput, context: ActivityContext): Promise<ShardResult> {
  const key = comparisonKeys.scores(input, input.shard);
  const { config, plan } = await readRun(input, context);
  const videos = shardOf(plan, { split: 'test', iteration: 0, shard: input.shard });
  const predictions = videos.map((id) => comparisonKeys.prediction(input, id));
  const present = await findScored(context, key, predictions);
  if (present) return present;

  const { standing } = rowNamed(await readRows(input, context), input.row);
  const referenceOf = (id: string): string =>
    standing === 'reference'
      ? comparisonKeys.givenReference(input.run, input.row, id)
      : datasetKeys.labels(config.target, id);
  const scores: VideoScore[] = [];
  const inputs: ArtefactRef[] = [];
  const result = await eachVideo(ofRow(input), videos, context, async (id) => {
    const mask = await findArtefact(context.store, comparisonKeys.prediction(input, id));
    if (!mask) return 'skip';
    const { labels, layout } = readLabelFile(await context.cache.read(mask), id);
    const reference = await findArtefact(context.store, referenceOf(id));
    const grid = { ...labels, layout };
    const expected = reference && readReference(await context.cache.read(reference), id, grid);
    scores.push(scoreVideo(id, labels, expected));
    inputs.push(mask, ...(reference ? [reference] : []));
    return 'done';
  });
  await writeJson(context, key, { scores, quarantined: result.quarantined }, inputs);
  logWork(context, 'scoreSystem', key);
  return result;
}
