/** Puts the scores of all shards of one evaluation together. */
import { z } from 'zod';
import type { SummariseInput, SummariseResult } from '../contracts/activities.ts';
import type { EvaluationNumbers } from '../contracts/messages.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import {
  type EvaluationReport,
  EvaluationReportSchema,
  type EvaluationSummary,
} from '../metrics/evaluation.ts';
import { summarise } from '../metrics/summary.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { type Plan, readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { ShardScoresSchema } from './score-shard.ts';

/** `evaluation.json` of an iteration: what `evaluate --json` prints, for each of the two splits that has videos. */
export const EvaluationSchema = z.strictObject({
  validation: EvaluationReportSchema.optional(),
  test: EvaluationReportSchema.optional(),
});

export async function summariseEvaluation(
  input: SummariseInput,
  context: ActivityContext,
): Promise<SummariseResult> {
  const key = runKeys.evaluation(input.run, input.iteration);
  const present = await findJson(context, key, EvaluationSchema);
  if (present) return resultOf(present.reference, present.value);

  const { plan } = await readRun(input, context);
  const inputs: ArtefactRef[] = [];
  const validation = await gather('validation', plan, input, context, inputs);
  const test = await gather('test', plan, input, context, inputs);
  const document: z.infer<typeof EvaluationSchema> = {
    ...(validation && { validation }),
    ...(test && { test }),
  };
  return resultOf(await writeJson(context, key, document, inputs), document);
}

/** The scores of a split; undefined when none of its videos was scored. */
async function gather(
  split: 'validation' | 'test',
  plan: Plan,
  input: SummariseInput,
  context: ActivityContext,
  inputs: ArtefactRef[],
): Promise<EvaluationReport | undefined> {
  const videos: EvaluationReport['videos'] = [];
  for (let shard = 0; shard < plan[split].length; shard++) {
    const found = await findJson(context, activityKeys.scores({ ...input, split, shard }), ShardScoresSchema);
    if (!found) continue;
    videos.push(...found.value.scores);
    inputs.push(found.reference);
  }
  return videos.length > 0 ? { videos, summary: summarise(videos) } : undefined;
}

function resultOf(
  evaluation: ArtefactRef,
  { validation, test }: z.infer<typeof EvaluationSchema>,
): SummariseResult {
  return {
    evaluation,
    ...(validation && { validation: numbersOf(validation.summary) }),
    ...(test && { test: numbersOf(test.summary) }),
    ...(validation && { validFrames: validFramesOf(validation) }),
  };
}

function validFramesOf({ videos }: EvaluationReport): number {
  let frames = 0;
  let bad = 0;
  for (const video of videos) {
    frames += video.frames;
    bad += new Set([...video.anatomical.invalidFrames, ...video.temporal.flaggedFrames]).size;
  }
  return (frames - bad) / frames;
}

function numbersOf(summary: EvaluationSummary): EvaluationNumbers {
  const { videos, anatomicalValidity, temporalValidity, dice, hausdorffMm, mistakesPerCycle5mm } = summary;
  return {
    videos,
    anatomicalValidity,
    temporalValidity,
    ...(dice && { dice: dice.mean, diceLv: dice.lv, diceMyo: dice.myo }),
    ...(hausdorffMm && { hausdorffMm: hausdorffMm.mean }),
    ...(mistakesPerCycle5mm !== undefined && { mistakesPerCycle5mm }),
  };
}
