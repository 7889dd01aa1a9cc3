/**
 * Compute activities as Temporal sees them: each is forwarded to the tensor process, while this thread, which never computes, keeps
 * heartbeating and hears cancellations at once.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Heartbeat } from '../contracts/messages.ts';
import { DomainError } from '../ground/errors.ts';
import { ComputeCancelled, type ComputeProcess } from './compute-process.ts';
import { toFailure } from './to-failure.ts';

/** Well under the heartbeat timeout, so that a busy machine misses none. */
const HEARTBEAT_MS = 3000;
const OUT_OF_MEMORY_ATTEMPTS = 3;

/** One forwarder for each name. */
export function forwardersTo(
  compute: ComputeProcess,
  names: readonly string[],
): Record<string, (input: unknown) => Promise<unknown>> {
  return Object.fromEntries(names.map((name) => [name, (input: unknown) => forward(compute, name, input)]));
}

async function forward(compute: ComputeProcess, activity: string, input: unknown): Promise<unknown> {
  const context = Context.current();
  const before = context.info.heartbeatDetails as Heartbeat | undefined;
  let last: Heartbeat = before ?? { step: 0, total: 0 };
  const beat = setInterval(() => context.heartbeat(last), HEARTBEAT_MS);
  context.heartbeat(last);
  try {
    return await compute.run(activity, input, context.cancellationSignal, (details) => {
      last = details;
      context.heartbeat(details);
    });
  } catch (error) {
    if (error instanceof ComputeCancelled) throw cancellation(context);
    const gotFurther = last.step > (before?.step ?? 0);
    throw toFailure(memoryIsTooSmall(error, context.info.attempt, gotFurther) ?? error);
  } finally {
    clearInterval(beat);
  }
}

/** Memory that ran out may be somebody else's use of it; the same place again and again is this activity's own. */
function memoryIsTooSmall(error: unknown, attempt: number, gotFurther: boolean): DomainError | undefined {
  if (!(error instanceof DomainError) || error.details.outOfMemory !== true) return undefined;
  if (attempt < OUT_OF_MEMORY_ATTEMPTS || gotFurther) return undefined;
  return new DomainError(
    'OutOfMemory',
    `${error.message} It ran out of memory ${attempt} times without getting further.`,
  );
}

function cancellation(context: Context): Error {
  const reason: unknown = context.cancellationSignal.reason;
  if (reason instanceof CancelledFailure) {
    // A worker that shuts down hands its work to the next one; that is no cancellation of the work.
    if (reason.message === 'WORKER_SHUTDOWN') {
      return ApplicationFailure.retryable(
        'The worker shut down; the activity goes on elsewhere.',
        'WorkerShutdown',
      );
    }
    return reason;
  }
  return toFailure(
    new DomainError(
      'ComputeCrashed',
      'The tensor process was ended while the activity ran. It is tried again.',
    ),
  ) as Error;
}
