/** Puts the scores of all shards of one evaluation together. */
import type { SummariseInput, SummariseResult } from '../contracts/activities.ts';
import type { Plan } from '../contracts/documents.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { EvaluationReport } from '../metrics/evaluation.ts';
import { summarise } from '../metrics/summary.ts';
import { inParallel } from '../storage/in-parallel.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { type Evaluation, EvaluationSchema, ShardScoresSchema } from './evaluation/documents.ts';
import { evaluationNumbers, shareOfValidFrames } from './evaluation/evaluation-numbers.ts';

export async function summariseEvaluation(
  input: SummariseInput,
  context: ActivityContext,
): Promise<SummariseResult> {
  const key = runKeys.evaluation(input.run, input.iteration);
  const present = await findJson(context, key, EvaluationSchema);
  if (present) return resultOf(present.reference, present.value);

  const { plan } = await readRun(input, context);
  const validation = await gather('validation', plan, input, context);
  const test = await gather('test', plan, input, context);
  const evaluation: Evaluation = {
    ...(validation.report && { validation: validation.report }),
    ...(test.report && { test: test.report }),
    ...(test.plain && { plain: test.plain }),
  };
  const inputs = [...validation.inputs, ...test.inputs];
  return resultOf(await writeJson(context, key, evaluation, inputs), evaluation);
}

interface Gathered {
  readonly report?: EvaluationReport;
  readonly plain?: EvaluationReport;
  readonly inputs: readonly ArtefactRef[];
}

/** The scores of a split and where they lie; no report when none of its videos was scored. */
async function gather(
  split: 'validation' | 'test',
  plan: Plan,
  input: SummariseInput,
  context: ActivityContext,
): Promise<Gathered> {
  const shards = [...plan[split].keys()];
  const read = await inParallel(
    shards,
    (shard) => findJson(context, activityKeys.scores({ ...input, split, shard }), ShardScoresSchema),
    { signal: context.signal, onProgress: (step, total) => context.heartbeat({ step, total }) },
  );
  const found = read.filter((scores) => scores !== undefined);
  const report = reportOf(found.flatMap(({ value }) => value.scores));
  const plain = reportOf(found.flatMap(({ value }) => value.plain ?? []));
  const inputs = found.map(({ reference }) => reference);
  return { ...(report && { report }), ...(plain && { plain }), inputs };
}

function reportOf(videos: EvaluationReport['videos']): EvaluationReport | undefined {
  return videos.length > 0 ? { videos, summary: summarise(videos) } : undefined;
}

function resultOf(evaluation: ArtefactRef, { validation, test, plain }: Evaluation): SummariseResult {
  return {
    evaluation,
    ...(validation && { validation: evaluationNumbers(validation.summary) }),
    ...(test && { test: evaluationNumbers(test.summary) }),
    ...(plain && { plain: evaluationNumbers(plain.summary) }),
    ...(validation && { validFrames: shareOfValidFrames(validation) }),
  };
}
