/**
 * Compute activities as Temporal sees them: each is forwarded to the tensor process, while this thread, which never
 * computes, keeps heartbeating and hears cancellations at once.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { DomainError } from '../ground/errors.ts';
import { patience } from '../temporal.config.ts';
import { Attempt } from './attempt.ts';
import { ComputeCancelled, type ComputeProcess } from './compute-process.ts';
import type { HostWatch } from './host-watch.ts';

/** One forwarder for each name. */
export function forwardersTo(
  compute: ComputeProcess,
  names: readonly string[],
  watch?: HostWatch,
): Record<string, (input: unknown) => Promise<unknown>> {
  return Object.fromEntries(
    names.map((name) => [name, (input: unknown) => forward(compute, name, input, watch)]),
  );
}

async function forward(
  compute: ComputeProcess,
  activity: string,
  input: unknown,
  watch: HostWatch | undefined,
): Promise<unknown> {
  const context = Context.current();
  const attempt = new Attempt(context);
  try {
    return await compute.run(activity, input, context.cancellationSignal, (details) =>
      attempt.report(details),
    );
  } catch (error) {
    if (error instanceof ComputeCancelled) throw cancellation(context, attempt);
    const failure = failureOfDevice(error, compute) ?? error;
    const known = memoryIsTooSmall(failure, attempt) ?? failure;
    throw attempt.failureOf(watch ? await watch.judge(known) : known);
  } finally {
    attempt.close();
  }
}

/** Memory that ran out may be somebody else's use of it; the same place again and again is this activity's own. */
function memoryIsTooSmall(error: unknown, attempt: Attempt): DomainError | undefined {
  if (!(error instanceof DomainError) || error.details.outOfMemory !== true) return undefined;
  const times = attempt.ranOutOfMemory();
  if (times < patience.outOfMemoryAttempts) return undefined;
  return new DomainError(
    'OutOfMemory',
    `${error.message} It ran out of memory ${times} times without getting further.`,
  );
}

/** As TensorFlow says that it could not have what an operation needs, of a GPU or of the machine. */
const OUT_OF_MEMORY = /\bOOM when allocating|\bTF_Status: 8\b|\bRESOURCE_EXHAUSTED\b/;
const DEVICE = /\b(CUDA|cuDNN|cuBLAS|GPU)/i;

/**
 * TensorFlow throws plain errors when its device fails or its memory does not do, and goes on failing in that process.
 */
function failureOfDevice(error: unknown, compute: ComputeProcess): DomainError | undefined {
  if (error instanceof DomainError || !(error instanceof Error)) return undefined;
  const outOfMemory = OUT_OF_MEMORY.test(error.message);
  if (!outOfMemory && !DEVICE.test(error.message)) return undefined;
  const what = outOfMemory
    ? 'Tensors found no memory. Use smaller windows, a smaller network, or a device with more memory'
    : 'The device failed';
  const failure = new DomainError('ComputeCrashed', `${what}: ${error.message}`, { outOfMemory });
  compute.abandon(failure);
  return failure;
}

function cancellation(context: Context, attempt: Attempt): unknown {
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
  return attempt.failureOf(
    new DomainError(
      'ComputeCrashed',
      'The tensor process was ended while the activity ran. It is tried again.',
    ),
  );
}
