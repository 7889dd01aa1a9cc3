/** Picks the policy of a run that is kept (method.md 1e), and stores what it was chosen from. */
import type { SelectBestInput, SelectBestResult } from '../contracts/activities.ts';
import type { Selection } from '../contracts/documents.ts';
import { electPolicy } from '../decisions/election.ts';
import { writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';

export async function selectBest(
  { run, policies, ratings }: SelectBestInput,
  context: ActivityContext,
): Promise<SelectBestResult> {
  const best = electPolicy(policies, ratings);
  const selected: Selection = { best: best.iteration, policies: [...policies], ratings: [...ratings] };
  const inputs = policies.map(({ policy }) => policy);
  return { best, selection: await writeJson(context, activityKeys.selection(run), selected, inputs) };
}
