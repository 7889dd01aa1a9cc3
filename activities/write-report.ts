/** Writes the report page of a run. */
import type { WriteReportInput, WriteReportResult } from '../contracts/activities.ts';
import type { ChangeIntervals } from '../contracts/results.ts';
import type { EvaluationReport } from '../metrics/evaluation.ts';
import { renderReport } from '../report/page.ts';
import { collectRunReport } from '../report/run-report.ts';
import { findMadeFrom } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { findJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { type ActivityContext, stepByStep } from './context.ts';
import { changeIntervals } from './evaluation/change-intervals.ts';
import { EvaluationSchema } from './evaluation/documents.ts';

export async function writeReport(
  input: WriteReportInput,
  context: ActivityContext,
): Promise<WriteReportResult> {
  const { run, policies, best, labels, quarantined, promotion } = input;
  const key = runKeys.report(run);
  const { config, plan } = await readRun(input, context);
  const changes = await changesOnTest(input, plan.studies, context);
  const inputs = [
    input.config,
    input.plan,
    ...policies.flatMap(({ policy, evaluation }) => [policy, evaluation]),
  ];
  const present = await findMadeFrom(context.store, key, inputs);
  if (present) return { report: present, ...changes };
  const data = await collectRunReport(context.store, {
    run,
    config,
    codeVersion: context.codeVersion,
    policies,
    best,
    labels,
    quarantined,
    testVideos: plan.test.flat(),
    promotion,
    ...changes,
  });
  const page = new TextEncoder().encode(await renderReport(data));
  const report = await writeBytes(context, key, page, inputs, 'text/html');
  return { report, ...changes };
}

type Changes = Pick<WriteReportResult, 'change' | 'changeFromPlain'>;

/** None from the first policy where it is the best; none where there are no test videos in common. */
async function changesOnTest(
  { run, best }: WriteReportInput,
  studies: Readonly<Record<string, string>>,
  context: ActivityContext,
): Promise<Changes> {
  const [first, kept] = await Promise.all(
    [0, best.iteration].map((iteration) =>
      findJson(context, runKeys.evaluation(run, iteration), EvaluationSchema),
    ),
  );
  const after = kept?.value.test;
  const changeFrom = async (before: EvaluationReport | undefined): Promise<ChangeIntervals | undefined> => {
    if (!before || !after) return undefined;
    const change = await stepByStep(changeIntervals(before.videos, after.videos, studies), context);
    return Object.keys(change).length > 0 ? change : undefined;
  };
  const change = best.iteration === 0 ? undefined : await changeFrom(first?.value.test);
  const changeFromPlain = await changeFrom(first?.value.plain);
  return { ...(change && { change }), ...(changeFromPlain && { changeFromPlain }) };
}
