/** Writes the report page of a run. */
import type { WriteReportInput, WriteReportResult } from '../contracts/activities.ts';
import { renderReport } from '../report/page.ts';
import { collectRunReport } from '../report/run-report.ts';
import { findArtefact, writeArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { readRun } from './artefacts/run-facts.ts';
import type { ActivityContext } from './context.ts';

export async function writeReport(
  input: WriteReportInput,
  context: ActivityContext,
): Promise<WriteReportResult> {
  const { run, policies, best, labels, quarantined, promotion } = input;
  const { store, codeVersion } = context;
  const key = runKeys.report(run);
  const present = await findArtefact(store, key);
  if (present) return { report: present };
  const { config, plan } = await readRun(input, context);
  const data = await collectRunReport(store, {
    run,
    config,
    codeVersion,
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
  return { report: await writeArtefact(store, key, page, { inputs, codeVersion, mediaType: 'text/html' }) };
}
