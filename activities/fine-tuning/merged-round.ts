/** A local-SGD round that was merged before (method.md 7), by all of its files. */
import type { MergeRoundInput, MergeRoundResult } from '../../contracts/activities.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import type { ActivityContext } from '../context.ts';
import { roundDocument } from '../training/attempt.ts';
import { findFinished } from '../training/finished-training.ts';
import { RoundSchema } from './documents.ts';

export interface RoundKeys {
  readonly policy: string;
  readonly momentum: string;
  /** With the published objective. */
  readonly critic?: string;
}

/** Undefined when any of them is missing. */
export async function findMerged(
  context: ActivityContext,
  input: MergeRoundInput,
  { critic: criticKey, ...keys }: RoundKeys,
): Promise<MergeRoundResult | undefined> {
  const document = { key: roundDocument(input), schema: RoundSchema };
  const finished = await findFinished(context, document, keys);
  if (!finished) return undefined;
  const critic = criticKey === undefined ? undefined : await findArtefact(context.store, criticKey);
  if (criticKey !== undefined && !critic) return undefined;
  const { made, curve } = finished;
  return { ...made, ...(critic && { critic }), best: finished.document.best, curve };
}
