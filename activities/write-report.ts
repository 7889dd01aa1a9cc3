/** Writes the report page of a run. */
import type { WriteReportInput, WriteReportResult } from '../contracts/activities.ts';
import type { ChangeIntervals } from '../contracts/results.ts';
import { renderReport } from '../report/page.ts';
import { collectRunReport } from '../report/run-report.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { findJson } from './artefacts/json-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import type { ActivityContext } from './context.ts';
import { changeIntervals } from './evaluation/change-intervals.ts';
import { EvaluationSchema } from './evaluation/documents.ts';

export async function writeReport(
  input: WriteReportInput,
  context: ActivityContext,
): Promise<WriteReportResult> {
  const { run, policies, best, labels, quarantined, promotion } = input;
  const key = runKeys.report(run);
  const { config, plan } = await readRun(input, context);
  const change = await changeOnTest(input, plan.studies, context);
  const present = await findArtefact(context.store, key);
  if (present) return { report: present, ...(change && { change }) };
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
    ...(change && { change }),
  });
  const page = new TextEncoder().encode(await renderReport(data));
  const inputs = [
    input.config,
    input.plan,
    ...policies.flatMap(({ policy, evaluation }) => [policy, evaluation]),
  ];
  const report = await writeBytes(context, key, page, inputs, 'text/html');
  return { report, ...(change && { change }) };
}

/** Undefined where the first policy is the best, or where the two have no test videos in common. */
async function changeOnTest(
  { run, best }: WriteReportInput,
  studies: Readonly<Record<string, string>>,
  context: ActivityContext,
): Promise<ChangeIntervals | undefined> {
  if (best.iteration === 0) return undefined;
  const [before, after] = await Promise.all(
    [0, best.iteration].map((iteration) =>
      findJson(context, runKeys.evaluation(run, iteration), EvaluationSchema),
    ),
  );
  if (!before?.value.test || !after?.value.test) return undefined;
  const change = changeIntervals(before.value.test.videos, after.value.test.videos, studies);
  return Object.keys(change).length > 0 ? change : undefined;
}
