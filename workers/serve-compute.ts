/**
 * The tensor process's side of the channel: runs the activity that it is told to, passes progress up, listens for
 * cancellation. Native tensor calls block this process's thread; that is why it is a process of its own.
 */
import { type ActivityContext, contextOf } from '../activities/context.ts';
import { DomainError, domainErrorOf } from '../ground/errors.ts';
import type { Activity } from './checked-input.ts';
import { type ToChild, ToChildSchema, type ToParent } from './compute-messages.ts';

export interface ChildRuntime {
  readonly activities: Readonly<Record<string, Activity>>;
  /** Everything of a context but what belongs to one call. */
  readonly services: Omit<ActivityContext, 'heartbeat' | 'signal'>;
  /** Name of the tensor back end, and its threads. */
  readonly backend: string;
  readonly threads: number;
}

/** The reason with which a cancelled call's signal is aborted. */
class CallCancelled extends Error {
  constructor() {
    super('The call was cancelled by the worker.');
    this.name = 'CallCancelled';
  }
}

/**
 * Serves calls until the parent goes away.
 * @param open builds the runtime from the deployment of the first message; loading the tensor library belongs here.
 */
export function serveCompute(open: (deployment: unknown) => Promise<ChildRuntime>): void {
  const running = new Map<number, AbortController>();
  let runtime: Promise<ChildRuntime> | undefined;

  const send = (message: ToParent): void => {
    // Without the callback a worker that was killed a moment ago would end this process with a stack trace;
    // `disconnect` ends it.
    process.send?.(message, undefined, undefined, () => undefined);
  };

  const run = async ({ call, activity, input }: Extract<ToChild, { type: 'run' }>): Promise<void> => {
    const controller = new AbortController();
    running.set(call, controller);
    try {
      if (!runtime) throw new Error('The compute process was told to run before it was configured.');
      const { activities, services } = await runtime;
      const implementation = activities[activity];
      if (!implementation)
        throw new DomainError('ConfigInvalid', `There is no compute activity "${activity}".`);
      const heartbeat: ActivityContext['heartbeat'] = (details) => send({ type: 'progress', call, details });
      const output = await implementation(input as never, contextOf(services, controller.signal, heartbeat));
      send({ type: 'result', call, output });
    } catch (error) {
      send(failureOf(call, error));
    } finally {
      running.delete(call);
    }
  };

  process.on('message', (raw) => {
    const message = ToChildSchema.parse(raw);
    switch (message.type) {
      case 'configure':
        runtime = open(message.deployment);
        runtime.then(
          ({ backend, threads }) => send({ type: 'ready', backend, threads }),
          (error: unknown) =>
            send({
              type: 'unready',
              ...(error instanceof DomainError && { code: error.code }),
              message: error instanceof Error ? error.message : String(error),
            }),
        );
        break;
      case 'run':
        void run(message);
        break;
      case 'cancel':
        running.get(message.call)?.abort(new CallCancelled());
        break;
    }
  });
  // Without its worker nobody wants the results.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the worker decides when this process ends.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
}

function failureOf(call: number, error: unknown): ToParent {
  const known = domainErrorOf(error);
  const thrown = known ?? (error instanceof Error ? error : new Error(String(error)));
  return {
    type: 'failure',
    call,
    ...(known && { code: known.code }),
    cancelled: error instanceof CallCancelled,
    message: thrown.message,
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    details: known ? { ...known.details } : {},
  };
}
