/** Writes the report page of a run. */
import type { WriteReportInput, WriteReportResult } from '../contracts/activities.ts';
import { renderReport } from '../report/page.ts';
import { collectRunReport } from '../report/run-report.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import type { ActivityContext } from './context.ts';

export async function writeReport(
  input: WriteReportInput,
  context: ActivityContext,
): Promise<WriteReportResult> {
  const { run, policies, best, labels, quarantined, promotion } = input;
  const key = runKeys.report(run);
  const present = await findArtefact(context.store, key);
  if (present) return { report: present };
  const { config, plan } = await readRun(input, context);
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
  });
  const page = new TextEncoder().encode(await renderReport(data));
  const inputs = [
    input.config,
    input.plan,
    ...policies.flatMap(({ policy, evaluation }) => [policy, evaluation]),
  ];
  return { report: await writeBytes(context, key, page, inputs, 'text/html') };
}
