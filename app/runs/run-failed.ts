/** A run that ended without a result, and why. */
import { ApplicationFailure } from '@temporalio/client';

export class RunFailed extends Error {
  constructor(run: string, reason: string) {
    super(`The run ${run} ended without a result: ${reason}`);
    this.name = 'RunFailed';
  }
}

/**
 * What was written for people: Temporal wraps what an activity or a workflow said, and what they said may itself have
 * a cause, such as a library's own error.
 */
export function reasonIn(error: Error): string {
  let inner = error;
  // A cancellation has no words of its own: what wraps it says what was cancelled.
  let said = error.message;
  while (!(inner instanceof ApplicationFailure) && inner.cause instanceof Error) {
    inner = inner.cause;
    said = inner.message || said;
  }
  return said;
}
