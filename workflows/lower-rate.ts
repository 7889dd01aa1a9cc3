/** A training that diverges is begun again at a lower learning rate, a few times, before it fails the run. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/workflow';

/** Tried in this order. */
const RATE_FACTORS = [1, 0.3, 0.1] as const;

/** @param train called with what to add to its input; its activity fails as Diverged when losses run away. */
export async function withLowerRates<Result>(
  train: (attempt: { readonly rateFactor?: number }) => Promise<Result>,
): Promise<Result> {
  for (const rateFactor of RATE_FACTORS) {
    try {
      return await train(rateFactor === 1 ? {} : { rateFactor });
    } catch (error) {
      if (!hasDiverged(error) || rateFactor === RATE_FACTORS.at(-1)) throw error;
    }
  }
  throw new Error('There is no learning rate to try.');
}

/** An activity of this workflow, or of one that it started. */
function hasDiverged(error: unknown): boolean {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return hasDiverged(error.cause);
  return error instanceof ApplicationFailure && error.type === 'Diverged';
}
