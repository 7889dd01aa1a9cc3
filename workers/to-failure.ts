/**
 * How a failure of the domain reaches Temporal: its code is the failure's type, and the code alone decides about
 * retries.
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { domainErrorOf, isRetryable } from '../ground/errors.ts';

/** The error to throw out of an activity. Cancellation and Temporal's own failures pass through untouched. */
export function toFailure(error: unknown): unknown {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const known = domainErrorOf(error);
  if (!known) return error;
  return ApplicationFailure.create({
    message: known.message,
    type: known.code,
    nonRetryable: !isRetryable(known.code),
    details: [known.details],
    ...(known.cause instanceof Error && { cause: known.cause }),
  });
}
