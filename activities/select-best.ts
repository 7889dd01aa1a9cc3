/** Picks the policy of a run that is kept (method.md 1e), and stores what it was chosen from. */
import type { SelectBestInput, SelectBestResult } from '../contracts/activities.ts';
import type { Selection } from '../contracts/documents.ts';
import { electPolicy } from '../decisions/election.ts';
import { findMadeFrom } from '../storage/artefacts.ts';
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
  const key = activityKeys.selection(run);
  // One of an earlier end of this run goes.
  await findMadeFrom(context.store, key, inputs);
  return { best, selection: await writeJson(context, key, selected, inputs) };
}
