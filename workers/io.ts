/** The io worker: storage, decoding and metrics, many at a time in this process. */
import { Context } from '@temporalio/activity';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { ActivityContext, ActivityServices } from '../activities/context.ts';
import { ioActivities } from '../activities/io.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { toFailure } from './to-failure.ts';

const CONCURRENT_ACTIVITIES = 8;

export function createIoWorker(
  connection: NativeConnection,
  namespace: string,
  services: ActivityServices,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: taskQueues.io,
    activities: inProcess(ioActivities, services),
    maxConcurrentActivityTaskExecutions: CONCURRENT_ACTIVITIES,
    maxHeartbeatThrottleInterval: '5s',
    shutdownGraceTime: '20s',
    shutdownForceTime: '40s',
  });
}

type Activity = (input: never, context: ActivityContext) => Promise<unknown>;

/** The activities as Temporal calls them: the context comes from the running activity. */
export function inProcess(
  activities: Readonly<Record<string, Activity>>,
  services: ActivityServices,
): Record<string, (input: never) => Promise<unknown>> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (input: never) => {
        const running = Context.current();
        try {
          return await activity(input, {
            ...services,
            signal: running.cancellationSignal,
            heartbeat: (details) => running.heartbeat(details),
          });
        } catch (error) {
          throw toFailure(error);
        }
      },
    ]),
  );
}
