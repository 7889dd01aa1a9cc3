/** How a failure of the domain reaches Temporal: its code is the failure's type, and the code alone decides about retries. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { DomainError, isRetryable } from '../contracts/errors.ts';

/** The error to throw out of an activity. Cancellation and Temporal's own failures pass through untouched. */
export function toFailure(error: unknown): unknown {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (!(error instanceof DomainError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !isRetryable(error.code),
    details: [error.details],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}
