/** A workflow that is cancelled ends as cancelled, whatever becomes of the work that it had in flight. */
import { CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';

/** @param what names the workflow in the failure, `run` say */
export async function endsAsCancelled<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!CancellationScope.current().consideredCancelled || isCancellation(error)) throw error;
    throw new CancelledFailure(`The ${what} was cancelled.`);
  }
}
