/**
 * What an activity may touch: the store, the local cache, its heartbeat, its cancellation and its log. The same on an
 * io worker and inside the compute process, so an activity does not know where it runs; tests pass a memory store.
 */
import type { Heartbeat } from '../contracts/messages.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { Steps } from '../ground/steps.ts';
import type { ArtefactOrigin } from '../storage/artefacts.ts';
import { cancelledBy } from '../storage/cancellable-store.ts';
import type { LocalCache } from '../storage/local-cache.ts';
import type { ObjectStore } from '../storage/store.ts';

/** The part of pino's logger that activities use. */
export interface ActivityLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface ActivityContext {
  readonly store: ObjectStore;
  readonly cache: LocalCache;
  /** Written into every artefact's record. */
  readonly codeVersion: string;
  readonly log: ActivityLog;
  /**
   * True in a run whose machines may differ (`compute.mixed`): of two attempts at one thing, one of whom was thought
   * dead, both take what the first has stored.
   */
  readonly firstHolds?: boolean;
  /** Aborted when the activity is to stop: its `reason` is then thrown, untouched. */
  readonly signal: AbortSignal;
  heartbeat(details: Heartbeat): void;
}

/** What stays the same from one activity of a process to the next. */
export type ActivityServices = Omit<ActivityContext, 'signal' | 'heartbeat' | 'firstHolds'>;

/**
 * The context of one running activity: its requests to the store end with it, and throw the reason of its signal.
 * @param signal aborted when the activity is to stop
 */
export function contextOf(
  services: ActivityServices,
  signal: AbortSignal,
  heartbeat: ActivityContext['heartbeat'],
): ActivityContext {
  const store = cancelledBy(services.store, signal);
  return { ...services, store, cache: services.cache.over(store), signal, heartbeat };
}

/** Where an artefact of an activity comes from, for its record. */
export function originOf(
  { codeVersion, firstHolds }: ActivityContext,
  inputs: readonly ArtefactRef[],
  mediaType: string,
): ArtefactOrigin {
  return { inputs, codeVersion, mediaType, firstHolds };
}

/**
 * One unit of work that was really done, as one line of the log. Whoever counts these lines sees whether anything was
 * computed twice.
 * @param activity name of the activity
 * @param key what was made, such as the key of a prediction or `runs/x/pretraining/ steps 0-25`
 */
export function logWork(
  context: ActivityContext,
  activity: string,
  key: string,
  fields: Readonly<Record<string, number | string>> = {},
): void {
  context.log.info({ work: activity, key, ...fields }, 'work done');
}

/** Says how many of the videos of a training are made ready. */
export function tellPreparing(context: ActivityContext, done: number, total: number): void {
  context.heartbeat({ step: 0, total: 0, preparing: { done, total } });
}

/** After each video that is made ready for a training: says how far that is, then breathes. */
export async function breatheWhilePreparing(
  context: ActivityContext,
  done: number,
  total: number,
): Promise<void> {
  tellPreparing(context, done, total);
  await breathe(context);
}

/** Lets messages in (cancellation, heartbeats) and throws the reason when the activity is to stop. */
export async function breathe(context: ActivityContext): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  context.signal.throwIfAborted();
}

/** All steps of some work, with a breath after each: it holds the thread that says that the activity lives. */
export async function stepByStep<Result>(steps: Steps<Result>, context: ActivityContext): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await breathe(context);
  }
}
