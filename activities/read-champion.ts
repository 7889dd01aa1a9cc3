/** The policy that a model stands for now. */
import type { ReadChampionInput, ReadChampionResult } from '../contracts/activities.ts';
import { readChampion as read } from '../storage/champions.ts';
import type { ActivityContext } from './context.ts';

export async function readChampion(
  { model }: ReadChampionInput,
  context: ActivityContext,
): Promise<ReadChampionResult> {
  const champion = await read(context.store, model);
  return champion ? { policy: champion.policy } : {};
}
