/**
 * One attempt of an activity as Temporal sees it: it beats while the attempt lasts, keeps from one attempt to the
 * next how far the work ever got, and ends what has failed for too long without getting further.
 */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type AttemptDetails, AttemptDetailsSchema, type Heartbeat } from '../contracts/messages.ts';
import type { ErrorCode } from '../ground/errors.ts';
import { patience, workerLimits } from '../temporal.config.ts';
import { toFailure } from './to-failure.ts';

/** Failures that say nothing about the activity: what it needs is away for now. */
const CIRCUMSTANCES: ReadonlySet<string> = new Set<ErrorCode>([
  'StorageUnavailable',
  'OrchestratorUnavailable',
  'DiskFull',
  'VersionMismatch',
  'HostUnfit',
]);

export class Attempt {
  readonly #context: Context;
  readonly #beat: NodeJS.Timeout;
  #last: Heartbeat;
  #furthest: AttemptDetails['furthest'];
  #outOfMemory: number;
  /** Idle time until `#since`, ms. */
  #idleMs: number;
  /** When the idle time began that goes on now. */
  #since: number;

  /** @throws ApplicationFailure, final, when workers have died of the activity for too long without a word. */
  constructor(context: Context) {
    this.#context = context;
    this.#since = Date.now();
    const before = AttemptDetailsSchema.safeParse(context.info.heartbeatDetails).data ?? {
      ...AttemptDetailsSchema.parse({ step: 0, total: 0 }),
    };
    const { furthest, idleMs, outOfMemory, at, ...last } = before;
    this.#last = last;
    this.#furthest = furthest;
    this.#outOfMemory = outOfMemory;
    // Time in which no worker had the activity is not the activity's, beyond the pause that follows every failure.
    this.#idleMs = idleMs + (at > 0 ? Math.min(Math.max(0, this.#since - at), patience.longestPauseMs) : 0);
    const { activityType, attempt } = context.info;
    const leadsNowhere = this.#idleMs > patience.circumstancesMs + patience.ownFailureMs;
    if (leadsNowhere && attempt > patience.leastAttempts) {
      const message = `Workers that run ${activityType} end before it gets further, and cannot say why.`;
      throw this.#final(message, 'ComputeCrashed');
    }
    this.#say();
    this.#beat = setInterval(() => this.#say(), workerLimits.heartbeatEveryMs);
  }

  get number(): number {
    return this.#context.info.attempt;
  }

  /** Counts that memory ran out: how often, in all attempts since one of them got further. */
  ranOutOfMemory(): number {
    this.#outOfMemory++;
    this.#say();
    return this.#outOfMemory;
  }

  /** Passes on how far the work is. */
  report(details: Heartbeat): void {
    const { preparing } = details;
    this.#last = preparing ? { ...withoutPreparing(this.#last), preparing } : details;
    const { step, prepared } = this.#furthest;
    if (preparing ? preparing.done > prepared : details.step > step) {
      this.#furthest = {
        step: Math.max(step, details.step),
        prepared: Math.max(prepared, preparing?.done ?? 0),
      };
      this.#idleMs = 0;
      this.#outOfMemory = 0;
      this.#since = Date.now();
    }
    this.#say();
  }

  /** What Temporal is told of an error: final once it has lasted too long. */
  failureOf(error: unknown): unknown {
    const failure = toFailure(error);
    if (
      failure instanceof ApplicationFailure &&
      (failure.nonRetryable || failure.type === 'WorkerShutdown')
    ) {
      return failure;
    }
    if (!(failure instanceof Error) || failure.name === 'CancelledFailure') return failure;
    const type = failure instanceof ApplicationFailure ? (failure.type ?? undefined) : failure.name;
    const limitMs = CIRCUMSTANCES.has(type ?? '') ? patience.circumstancesMs : patience.ownFailureMs;
    if (this.number < patience.leastAttempts || this.#idleSoFar() <= limitMs) return failure;
    return this.#final(failure.message, type, failure);
  }

  close(): void {
    clearInterval(this.#beat);
  }

  #idleSoFar(): number {
    return this.#idleMs + Date.now() - this.#since;
  }

  #say(): void {
    const details: AttemptDetails = {
      ...this.#last,
      furthest: this.#furthest,
      idleMs: this.#idleSoFar(),
      outOfMemory: this.#outOfMemory,
      at: Date.now(),
    };
    this.#context.heartbeat(details);
  }

  #final(message: string, type: string | undefined, cause?: Error): ApplicationFailure {
    const { workflowExecution } = this.#context.info;
    const minutes = Math.round(this.#idleSoFar() / 60_000);
    // A stage is a workflow of its own, named below its run.
    const run = workflowExecution?.workflowId.split('/')[0];
    const again =
      run === undefined
        ? ''
        : ` When that is mended, go on from what is complete: npx echoloop resume ${run}`;
    return ApplicationFailure.create({
      message: `${message} It was tried ${this.number} times, for ${minutes} minutes without getting further.${again}`,
      ...(type !== undefined && { type }),
      nonRetryable: true,
      ...(cause && { cause }),
    });
  }
}

function withoutPreparing({ preparing: _, ...rest }: Heartbeat): Heartbeat {
  return rest;
}
